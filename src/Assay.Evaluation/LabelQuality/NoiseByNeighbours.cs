using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>A label that a neighbour speaks against.</summary>
/// <param name="Row">The row.</param>
/// <param name="OldLabel">Its label.</param>
/// <param name="Proposed">The label that the evidence proposes.</param>
/// <param name="Evidence">The neighbour: a false negative's row (intrinsic), or a row of the clean subset (extrinsic).</param>
/// <param name="Distance">The distance to it.</param>
public sealed record NeighbourCandidate(int Row, int OldLabel, int Proposed, int Evidence, double Distance);

/// <summary>What is done with candidates.</summary>
public enum NoiseTreatment
{
    /// <summary>They leave the training set.</summary>
    Eliminate,
    /// <summary>They get the proposed label.</summary>
    Relabel,
}

/// <summary>Guards of <see cref="NoiseByNeighbours"/>; all off by default. They are ours, not the paper's.</summary>
public sealed record NeighbourGuards
{
    /// <summary>No guard.</summary>
    public static NeighbourGuards None { get; } = new();

    /// <summary>The largest distance of a neighbour (ρ).</summary>
    public double MaxDistance { get; init; } = double.PositiveInfinity;

    /// <summary>Extrinsic: the least d(nearest clean row of the old label) − d(nearest clean row of the proposal).</summary>
    public double Margin { get; init; } = double.NegativeInfinity;

    /// <summary>The largest share of all rows that may become candidates; the nearest are kept.</summary>
    public double MaxShare { get; init; } = 1;

    /// <summary>The type of each row (such as the pair of entity types), or empty; a proposal must occur with the row's type among rows with that label.</summary>
    public ImmutableArray<int> Types { get; init; } = [];
}

/// <summary>
/// Nearest neighbours find wrong labels, above all among the examples of a negative class ("no relation", "background") that hides
/// missed positives (arXiv 2311.12298). The intrinsic strategy trusts the positives: negatives near a false negative taught the model to
/// miss it. The extrinsic strategy trusts a small clean subset and asks each example's nearest clean neighbours. The paper does not say
/// how far and how many neighbours it takes: k = 5 and k = 1 on unit vectors are ours.
/// </summary>
[Method("neighbour-noise", Paper = 51, Kind = MethodKind.DataQuality)]
public static class NoiseByNeighbours
{
    /// <summary>The intrinsic strategy: the k nearest negatives of each false negative are candidates; each is proposed the label of the nearest false negative that found it.</summary>
    /// <param name="features">n rows of features, such as a model's last hidden layer.</param>
    /// <param name="labels">The given labels.</param>
    /// <param name="predictions">Predictions that were made out of fold.</param>
    /// <param name="negativeClass">The negative class.</param>
    /// <param name="k">How many negatives a false negative points at.</param>
    /// <param name="unit">Whether rows are scaled to length 1 first.</param>
    /// <param name="guards">Guards, or null for none.</param>
    /// <exception cref="ArgumentException">Lengths differ, or the negative class does not occur.</exception>
    public static ImmutableArray<NeighbourCandidate> Intrinsic(
        FloatMatrix features, ReadOnlySpan<int> labels, ReadOnlySpan<int> predictions, int negativeClass, int k = 5, bool unit = true, NeighbourGuards? guards = null)
    {
        guards ??= NeighbourGuards.None;
        Check(features, labels);
        if (predictions.Length != labels.Length)
            throw new ArgumentException($"{predictions.Length} predictions for {labels.Length} labels", nameof(predictions));
        var (given, predicted) = (labels.ToArray(), predictions.ToArray());
        int[] negatives = [.. Rows(given, l => l == negativeClass)];
        if (negatives.Length == 0)
            throw new ArgumentException($"the negative class {negativeClass} does not occur: the intrinsic strategy needs one", nameof(negativeClass));
        int[] missed = [.. Enumerable.Range(0, given.Length).Where(i => given[i] != negativeClass && predicted[i] == negativeClass)];
        if (unit)
            features = NearestRows.ToUnit(features);
        var found = NearestRows.Find(features.Select(missed), features.Select(negatives), k);
        var best = new Dictionary<int, NeighbourCandidate>();
        for (var f = 0; f < missed.Length; f++)
        {
            foreach (var (at, distance) in found[f].Where(n => n.Distance <= guards.MaxDistance))
            {
                var row = negatives[at];
                if (!best.TryGetValue(row, out var known) || distance < known.Distance)
                    best[row] = new NeighbourCandidate(row, negativeClass, given[missed[f]], missed[f], distance);
            }
        }
        return Guarded(best.Values, given, guards);
    }

    /// <summary>
    /// The extrinsic strategy: an example whose k nearest clean rows vote for another label than its own is a candidate. Ties go to the
    /// nearer voter. With a negative class only negatives are asked, unless positives are included.
    /// </summary>
    /// <param name="features">n rows of features.</param>
    /// <param name="labels">The given labels.</param>
    /// <param name="cleanRows">The rows of the clean subset.</param>
    /// <param name="cleanLabels">Their right labels.</param>
    /// <param name="negativeClass">The negative class, or null where there is none: then all labels are asked.</param>
    /// <param name="k">The number of voters.</param>
    /// <param name="includePositives">Whether positives are asked as well (the paper's -ENP and -RNP).</param>
    /// <param name="unit">Whether rows are scaled to length 1 first.</param>
    /// <param name="guards">Guards, or null for none.</param>
    /// <exception cref="ArgumentException">Lengths differ, the clean subset is empty, or one of its rows is out of range.</exception>
    public static ImmutableArray<NeighbourCandidate> Extrinsic(
        FloatMatrix features, ReadOnlySpan<int> labels, ReadOnlySpan<int> cleanRows, ReadOnlySpan<int> cleanLabels, int? negativeClass = null, int k = 1, bool includePositives = false, bool unit = true,
        NeighbourGuards? guards = null)
    {
        guards ??= NeighbourGuards.None;
        Check(features, labels);
        if (cleanRows.IsEmpty || cleanRows.Length != cleanLabels.Length || cleanRows.ContainsAnyExceptInRange(0, labels.Length - 1))
            throw new ArgumentException($"rows of a clean subset with their labels were expected, not {cleanRows.Length} rows and {cleanLabels.Length} labels", nameof(cleanRows));
        var (given, clean, right) = (labels.ToArray(), cleanRows.ToArray(), cleanLabels.ToArray());
        if (unit)
            features = NearestRows.ToUnit(features);
        int[] asked = [.. Rows(given, l => negativeClass is not { } negative || includePositives || l == negative)];
        var pool = features.Select(clean);
        // The margin needs distances to all clean rows.
        var all = double.IsNegativeInfinity(guards.Margin) ? k : clean.Length;
        var found = NearestRows.Find(features.Select(asked), pool, all, (query, at) => clean[at] == asked[query]);
        var candidates = new List<NeighbourCandidate>();
        for (var i = 0; i < asked.Length; i++)
        {
            var (row, voters) = (asked[i], found[i].Take(k).Where(n => n.Distance <= guards.MaxDistance).ToArray());
            if (voters.Length == 0)
                continue;
            var winner = voters.GroupBy(v => right[v.Row]).OrderByDescending(g => g.Count()).ThenBy(g => g.Min(v => v.Distance)).First();
            var (evidence, distance) = winner.First();
            var old = found[i].Where(n => right[n.Row] == given[row]).Select(n => (double)n.Distance).DefaultIfEmpty(double.PositiveInfinity).First();
            if (winner.Key != given[row] && old - distance >= guards.Margin)
                candidates.Add(new NeighbourCandidate(row, given[row], winner.Key, clean[evidence], distance));
        }
        return Guarded(candidates, given, guards);
    }

    /// <summary>The labels that no clean row has and that the extrinsic strategy can therefore never propose.</summary>
    public static ImmutableArray<int> NeverProposed(ReadOnlySpan<int> labels, ReadOnlySpan<int> cleanLabels) => [.. labels.ToArray().Except(cleanLabels.ToArray()).Order()];

    /// <summary>Applies candidates to a training set. A candidate whose row no longer has its old label is passed over, so that applying twice changes nothing.</summary>
    /// <param name="labels">The labels of all rows.</param>
    /// <param name="candidates">The candidates.</param>
    /// <param name="treatment">What is done with them.</param>
    /// <param name="atLeast">The number of rows that elimination leaves of every class (the farthest candidates stay); 10 unless told otherwise.</param>
    /// <returns>The rows that remain and the labels of all rows.</returns>
    /// <exception cref="ArgumentException">A candidate's row is out of range.</exception>
    public static (ImmutableArray<int> Rows, ImmutableArray<int> Labels) Apply(
        ReadOnlySpan<int> labels, IEnumerable<NeighbourCandidate> candidates, NoiseTreatment treatment, int atLeast = 10)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        var result = labels.ToArray();
        var removed = new HashSet<int>();
        var left = result.GroupBy(l => l).ToDictionary(g => g.Key, g => g.Count());
        foreach (var c in candidates.OrderBy(c => c.Distance).ThenBy(c => c.Row))
        {
            if ((uint)c.Row >= (uint)result.Length)
                throw new ArgumentException($"row {c.Row} is a candidate, but there are {result.Length}", nameof(candidates));
            if (result[c.Row] != c.OldLabel)
                continue;
            if (treatment == NoiseTreatment.Relabel)
                result[c.Row] = c.Proposed;
            else if (left[c.OldLabel] > atLeast && removed.Add(c.Row))
                left[c.OldLabel]--;
        }
        return ([.. Enumerable.Range(0, result.Length).Where(i => !removed.Contains(i))], [.. result]);
    }

    private static ImmutableArray<NeighbourCandidate> Guarded(IEnumerable<NeighbourCandidate> candidates, int[] labels, NeighbourGuards guards)
    {
        if (!guards.Types.IsDefaultOrEmpty)
        {
            if (guards.Types.Length != labels.Length)
                throw new ArgumentException($"{guards.Types.Length} types for {labels.Length} rows", nameof(guards));
            var known = labels.Select((l, i) => (l, guards.Types[i])).ToHashSet();
            candidates = candidates.Where(c => known.Contains((c.Proposed, guards.Types[c.Row])));
        }
        if (!(guards.MaxShare is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(guards), guards.MaxShare, "a share between 0 and 1 was expected");
        return [.. candidates.OrderBy(c => c.Distance).ThenBy(c => c.Row).Take((int)(guards.MaxShare * labels.Length))];
    }

    private static IEnumerable<int> Rows(int[] labels, Func<int, bool> take) => Enumerable.Range(0, labels.Length).Where(i => take(labels[i]));

    private static void Check(FloatMatrix features, ReadOnlySpan<int> labels)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Rows != labels.Length || labels.IsEmpty)
            throw new ArgumentException($"{labels.Length} labels for {features.Rows} rows of features", nameof(labels));
    }
}
