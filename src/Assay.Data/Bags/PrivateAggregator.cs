using Assay.Statistics;

namespace Assay.Data;

/// <summary>One release under label privacy.</summary>
/// <param name="What">What was released.</param>
/// <param name="Epsilon">Its ε.</param>
public sealed record PrivacySpending(string What, double Epsilon);

/// <summary>
/// Adds up what releases of the same labels cost: ε of several releases is their sum. A release that would pass the total is refused.
/// </summary>
public sealed class PrivacyLedger
{
    private readonly List<PrivacySpending> spendings;

    /// <summary>Opens a ledger.</summary>
    /// <param name="total">The most that may be spent, positive; infinity sets no limit.</param>
    /// <param name="earlier">What was spent before.</param>
    public PrivacyLedger(double total, IEnumerable<PrivacySpending>? earlier = null)
    {
        if (!(total > 0))
            throw new ArgumentOutOfRangeException(nameof(total), total, "a positive number was expected");
        Total = total;
        spendings = [.. earlier ?? []];
    }

    /// <summary>The most that may be spent.</summary>
    public double Total { get; }

    /// <summary>What was spent.</summary>
    public double Spent => spendings.Sum(s => s.Epsilon);

    /// <summary>All releases.</summary>
    public IReadOnlyList<PrivacySpending> Spendings => spendings;

    /// <summary>Books a release.</summary>
    /// <exception cref="InvalidOperationException">It would pass the total; nothing is booked.</exception>
    public void Spend(string what, double epsilon)
    {
        if (Spent + epsilon > Total * (1 + 1e-12))
            throw new InvalidOperationException($"ε = {epsilon} for {what} would pass the total of {Total}: {Spent} is spent already");
        spendings.Add(new PrivacySpending(what, epsilon));
    }
}

/// <summary>
/// Averages of bags under ε-label differential privacy (Javanmard et al. 2024, arXiv 2401.11081): responses are clipped to [low, high],
/// averaged over disjoint bags, and Laplace noise of scale (high − low)/(k ε) is added to each average. One changed response moves one
/// average by at most (high − low)/k, so the whole release is ε-private for labels; features and bags are not protected. Shares of classes
/// move in two places, so their scale is 2/(k ε). Whatever is computed from the release stays private. The sampler is that of
/// <see cref="SeededRandom"/>: keep the seed secret, and note that floating-point Laplace noise resists analysis but not every attack on its
/// last bits.
/// </summary>
[Method("private-aggregation", Paper = 47, Kind = MethodKind.Transform)]
public sealed class PrivateAggregator
{
    private readonly double epsilon, low, high;
    private readonly PrivacyLedger ledger;

    /// <summary>Creates the mechanism.</summary>
    /// <param name="epsilon">ε of one release, positive; infinity clips and adds no noise.</param>
    /// <param name="low">The least response.</param>
    /// <param name="high">The greatest.</param>
    /// <param name="ledger">Where releases are booked; null allows one release.</param>
    public PrivateAggregator(double epsilon, double low, double high, PrivacyLedger? ledger = null)
    {
        if (!(epsilon > 0))
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "a positive number was expected");
        if (!(high > low) || !double.IsFinite(high - low))
            throw new ArgumentOutOfRangeException(nameof(high), $"[{low}, {high}]", "a finite range of responses was expected");
        (this.epsilon, this.low, this.high, this.ledger) = (epsilon, low, high, ledger ?? new PrivacyLedger(epsilon));
    }

    /// <summary>The scale of the Laplace noise on the average of a bag: (high − low)/(k ε).</summary>
    public double Scale(int bagSize) => (high - low) / (bagSize * epsilon);

    /// <summary>Clips, averages and adds noise.</summary>
    /// <param name="features">The features, released as they are.</param>
    /// <param name="responses">The responses.</param>
    /// <param name="bags">The bag of each row.</param>
    /// <param name="random">Draws the noise.</param>
    /// <param name="what">What to write into the ledger.</param>
    /// <exception cref="InvalidOperationException">The ledger's total would be passed.</exception>
    public BagData Release(FloatMatrix features, ReadOnlySpan<double> responses, int[] bags, SeededRandom random, string what = "averages")
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(random);
        var clipped = new double[responses.Length];
        for (var i = 0; i < clipped.Length; i++)
            clipped[i] = Math.Clamp(double.IsNaN(responses[i]) ? throw new ArgumentException($"response {i} is NaN", nameof(responses)) : responses[i], low, high);
        var exact = BagData.Of(features, clipped, bags);
        return Noisy(exact, random, what, exact.Sizes.Select(Scale));
    }

    /// <summary>Averages classes to shares and adds noise; the range of the mechanism does not count.</summary>
    /// <param name="features">The features, released as they are.</param>
    /// <param name="labels">The classes.</param>
    /// <param name="classCount">The number of classes.</param>
    /// <param name="bags">The bag of each row.</param>
    /// <param name="random">Draws the noise.</param>
    /// <param name="what">What to write into the ledger.</param>
    public BagData ReleaseClasses(FloatMatrix features, ReadOnlySpan<int> labels, int classCount, int[] bags, SeededRandom random, string what = "shares")
    {
        ArgumentNullException.ThrowIfNull(random);
        var exact = BagData.OfClasses(features, labels, classCount, bags);
        return Noisy(exact, random, what, exact.Sizes.Select(k => 2 / (k * epsilon)));
    }

    private BagData Noisy(BagData exact, SeededRandom random, string what, IEnumerable<double> scales)
    {
        ledger.Spend(what, epsilon);
        if (double.IsPositiveInfinity(epsilon))
            return exact;
        var means = exact.Means.ToArray();
        var bag = 0;
        foreach (var scale in scales)
        {
            for (var c = 0; c < exact.Outputs; c++)
                means[bag * exact.Outputs + c] += Laplace(scale, random);
            bag++;
        }
        return new BagData(exact.Features, exact.Bags, [.. means], exact.Outputs);
    }

    /// <summary>A Laplace number of mean 0: the difference of two exponential ones.</summary>
    internal static double Laplace(double scale, SeededRandom random) => scale * (Math.Log(1 - random.NextDouble()) - Math.Log(1 - random.NextDouble()));
}
