using Assay.Statistics;

namespace Assay.Training;

/// <summary>
/// Tree-structured Parzen estimator in one dimension (Bergstra et al. 2011): after a few random trials, draws candidates from a density
/// of the better quarter of trials and takes the one most likely under it relative to the rest.
/// </summary>
/// <param name="low">The least value.</param>
/// <param name="high">The greatest value.</param>
/// <param name="random">Draws trials and candidates.</param>
public sealed class ParzenSearch(double low, double high, SeededRandom random)
{
    private const int RandomTrials = 5, Candidates = 24;
    private readonly double low = low < high ? low : throw new ArgumentOutOfRangeException(nameof(low), low, $"a value below {high} was expected");
    private readonly List<(double X, double Score)> trials = [];

    /// <summary>The value with the highest score so far.</summary>
    /// <exception cref="InvalidOperationException">Nothing has been told yet.</exception>
    public double Best => trials.Count > 0 ? trials.MaxBy(t => t.Score).X : throw new InvalidOperationException("no trial has been told yet");

    /// <summary>The next value to try.</summary>
    public double Next()
    {
        if (trials.Count < RandomTrials)
            return random.NextDouble(low, high);
        var ordered = trials.OrderByDescending(t => t.Score).Select(t => t.X).ToArray();
        var good = ordered[..Math.Max(1, ordered.Length / 4)];
        var rest = ordered[good.Length..];
        var (best, bestRatio) = (low, double.NegativeInfinity);
        for (var i = 0; i < Candidates; i++)
        {
            var center = good[random.Next(good.Length)];
            var x = Math.Clamp(center + Width(good.Length) * random.NextGaussian(), low, high);
            var ratio = Math.Log(Density(x, good)) - Math.Log(Density(x, rest));
            if (ratio > bestRatio)
                (best, bestRatio) = (x, ratio);
        }
        return best;
    }

    /// <summary>Takes the score of a value; larger is better.</summary>
    public void Tell(double value, double score) => trials.Add((value, double.IsNaN(score) ? double.NegativeInfinity : score));

    private double Width(int count) => (high - low) / (2 * Math.Sqrt(count + 1));

    // A mixture of one gaussian for each trial and a uniform prior.
    private double Density(double x, double[] centers)
    {
        var width = Width(centers.Length);
        var sum = 1 / (high - low);
        foreach (var c in centers)
            sum += Math.Exp(-0.5 * (x - c) * (x - c) / (width * width)) / (width * Math.Sqrt(2 * Math.PI));
        return sum / (centers.Length + 1);
    }
}
