using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How judges become one opinion.</summary>
public enum JudgeVote
{
    /// <summary>The mean of their probabilities.</summary>
    Soft,
    /// <summary>The share of judges with a probability of at least ½.</summary>
    Majority,
}

/// <summary>The ensemble's opinion of one item.</summary>
/// <param name="Row">The item.</param>
/// <param name="Label">Its label, 0 or 1.</param>
/// <param name="Probability">p, the ensemble's probability of label 1; NaN where too few judges answered.</param>
/// <param name="Answers">How many judges answered.</param>
public readonly record struct JudgedItem(int Row, int Label, double Probability, int Answers)
{
    /// <summary>Whether enough judges answered.</summary>
    public bool IsScored => !double.IsNaN(Probability);

    /// <summary>The ensemble's label: 1 from p = ½ on.</summary>
    public int Guess => Probability >= 0.5 ? 1 : 0;

    /// <summary>max(p, 1 − p).</summary>
    public double Confidence => Math.Max(Probability, 1 - Probability);

    /// <summary>Whether the ensemble contradicts the label.</summary>
    public bool IsFlagged => IsScored && Guess != Label;
}

/// <summary>Flags that share a range of confidence.</summary>
/// <param name="Low">The least confidence.</param>
/// <param name="High">The largest.</param>
/// <param name="Flags">How many flags.</param>
/// <param name="Reviewed">How many of them experts reviewed.</param>
/// <param name="Wrong">How many of these labels were wrong.</param>
public readonly record struct FlagBin(double Low, double High, int Flags, int Reviewed, int Wrong)
{
    /// <summary>q, the share of reviewed labels that were wrong; NaN where none was reviewed.</summary>
    public double Precision => Reviewed == 0 ? double.NaN : (double)Wrong / Reviewed;
}

/// <summary>
/// An audit of binary labels by an ensemble of judges (arXiv 2410.18889): each judge, a chat model with a prompt or any classifier, gives
/// a probability; where their vote contradicts the label, the item is flagged, the most confident first. Judges that did not answer are
/// left out; an item with fewer than two thirds of the judges stays unscored.
/// </summary>
[Method("judge-ensemble", Paper = 80, Kind = MethodKind.DataQuality)]
public sealed class JudgeAudit
{
    // Judgements are single precision: .9 is not above .9.
    internal const double Rounding = 1e-6;
    private const double LeastShare = 2.0 / 3;

    private JudgeAudit(ImmutableArray<JudgedItem> items) => Items = items;

    /// <summary>All items in their order.</summary>
    public ImmutableArray<JudgedItem> Items { get; }

    /// <summary>The flagged items, the most confident first, then by row.</summary>
    public ImmutableArray<JudgedItem> Flags => [.. Items.Where(i => i.IsFlagged).OrderByDescending(i => i.Confidence).ThenBy(i => i.Row)];

    /// <summary>The items that too few judges answered.</summary>
    public int Unscored => Items.Count(i => !i.IsScored);

    /// <summary>Audits labels.</summary>
    /// <param name="labels">The labels, 0 or 1.</param>
    /// <param name="judgements">P(label 1), one row for each item and one column for each judge; NaN for no answer.</param>
    /// <param name="vote">How judges become one opinion.</param>
    /// <exception cref="ArgumentException">Lengths differ, there are no judges, or a number is outside [0, 1].</exception>
    public static JudgeAudit Of(ReadOnlySpan<int> labels, FloatMatrix judgements, JudgeVote vote = JudgeVote.Soft)
    {
        ArgumentNullException.ThrowIfNull(judgements);
        if (judgements.Rows != labels.Length || judgements.Columns == 0)
            throw new ArgumentException($"{judgements.Rows}×{judgements.Columns} judgements for {labels.Length} labels", nameof(judgements));
        if (labels.ContainsAnyExceptInRange(0, 1))
            throw new ArgumentException("labels of 0 and 1 were expected", nameof(labels));
        var items = ImmutableArray.CreateBuilder<JudgedItem>(labels.Length);
        for (var i = 0; i < labels.Length; i++)
        {
            var (sum, answers) = (0.0, 0);
            foreach (var p in judgements.Row(i))
            {
                if (float.IsNaN(p))
                    continue;
                if (p is < 0 or > 1)
                    throw new ArgumentException($"row {i}: a probability between 0 and 1 was expected, not {p}", nameof(judgements));
                sum += vote == JudgeVote.Soft ? p : p >= 0.5f ? 1 : 0;
                answers++;
            }
            items.Add(new JudgedItem(i, labels[i], answers > 0 && answers >= LeastShare * judgements.Columns - 1e-9 ? sum / answers : double.NaN, answers));
        }
        return new JudgeAudit(items.ToImmutable());
    }

    /// <summary>p = P("1")/(P("0") + P("1")) from the probabilities of the two answer tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A probability is negative, or both are 0.</exception>
    public static double Renormalize(double one, double zero)
    {
        if (!(one >= 0 && zero >= 0 && one + zero > 0))
            throw new ArgumentOutOfRangeException(nameof(one), one, $"probabilities of answers were expected, of which one is above 0; the other is {zero}");
        return one / (one + zero);
    }

    /// <summary>The flags in bins of confidence. Bins without a reviewed item join the next lower one that has some, or else the next higher.</summary>
    /// <param name="isWrong">For reviewed rows, whether the label was found wrong; others are absent.</param>
    /// <param name="edges">The edges of the bins from ½ to 1, or null for .5, .6, .7, .8, .9, .95, 1.</param>
    /// <exception cref="ArgumentException">The edges do not rise from ½ to 1.</exception>
    public ImmutableArray<FlagBin> Bins(IReadOnlyDictionary<int, bool> isWrong, IReadOnlyList<double>? edges = null)
    {
        ArgumentNullException.ThrowIfNull(isWrong);
        edges ??= [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];
        if (edges.Count < 2 || edges[0] > 0.5 || edges[^1] < 1 || Enumerable.Range(1, edges.Count - 1).Any(i => edges[i] <= edges[i - 1]))
            throw new ArgumentException($"edges that rise from 0.5 to 1 were expected, not {string.Join(", ", edges)}", nameof(edges));
        var bins = new List<FlagBin>();
        for (var b = 1; b < edges.Count; b++)
        {
            var (low, high, isLast) = (edges[b - 1], edges[b], b == edges.Count - 1);
            var inside = Items.Where(i => i.IsFlagged && i.Confidence >= low - Rounding && (i.Confidence < high - Rounding || isLast)).ToArray();
            var reviewed = inside.Where(i => isWrong.ContainsKey(i.Row)).ToArray();
            if (inside.Length > 0)
                bins.Add(new FlagBin(low, high, inside.Length, reviewed.Length, reviewed.Count(i => isWrong[i.Row])));
        }
        for (var b = 0; bins.Count > 1 && b < bins.Count;)
        {
            if (bins[b].Reviewed > 0)
            {
                b++;
                continue;
            }
            var (into, from) = b > 0 ? (b - 1, b) : (b, b + 1);
            bins[into] = new FlagBin(bins[into].Low, bins[from].High, bins[into].Flags + bins[from].Flags, bins[into].Reviewed + bins[from].Reviewed, bins[into].Wrong + bins[from].Wrong);
            bins.RemoveAt(from);
            b = Math.Max(0, into);
        }
        return [.. bins];
    }

    /// <summary>The mean of a measure over random subsets of judges, for sizes 1 … J: are more judges better?</summary>
    /// <param name="labels">The labels.</param>
    /// <param name="judgements">The judgements.</param>
    /// <param name="measure">What is measured of an audit.</param>
    /// <param name="subsets">The subsets of each size; sizes with fewer combinations use some of them twice.</param>
    /// <param name="seed">The seed of the subsets.</param>
    public static ImmutableArray<double> SizeCurve(ReadOnlySpan<int> labels, FloatMatrix judgements, Func<JudgeAudit, double> measure, int subsets = 20, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(judgements);
        ArgumentNullException.ThrowIfNull(measure);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(subsets);
        var random = new SeededRandom(seed);
        var curve = ImmutableArray.CreateBuilder<double>();
        for (var size = 1; size <= judgements.Columns; size++)
        {
            var sum = 0.0;
            var draws = size == judgements.Columns ? 1 : subsets;
            for (var s = 0; s < draws; s++)
            {
                var chosen = random.Permutation(judgements.Columns).AsSpan(0, size);
                var part = new float[judgements.Rows * size];
                for (var i = 0; i < judgements.Rows; i++)
                {
                    for (var j = 0; j < size; j++)
                        part[i * size + j] = judgements[i, chosen[j]];
                }
                sum += measure(Of(labels, new FloatMatrix(part, judgements.Rows, size)));
            }
            curve.Add(sum / draws);
        }
        return curve.ToImmutable();
    }

    /// <summary>Ordinal labels such as 1 … 5: an item is flagged where the judges' mean rating is more than 1 from its label. Flagged rows with their gap, the largest first.</summary>
    /// <param name="labels">The labels.</param>
    /// <param name="ratings">One row for each item and one column for each judge; NaN for no answer.</param>
    /// <param name="gap">The largest difference that is no disagreement.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static ImmutableArray<(int Row, double Gap)> Ordinal(ReadOnlySpan<int> labels, FloatMatrix ratings, double gap = 1)
    {
        ArgumentNullException.ThrowIfNull(ratings);
        if (ratings.Rows != labels.Length)
            throw new ArgumentException($"{ratings.Rows} rows of ratings for {labels.Length} labels", nameof(ratings));
        var found = new List<(int, double)>();
        for (var i = 0; i < labels.Length; i++)
        {
            var answers = ratings.Row(i).ToArray().Where(r => !float.IsNaN(r)).ToArray();
            if (answers.Length > 0 && answers.Length >= LeastShare * ratings.Columns - 1e-9 && Math.Abs(answers.Average() - labels[i]) is var difference && difference > gap)
                found.Add((i, difference));
        }
        return [.. found.OrderByDescending(f => f.Item2).ThenBy(f => f.Item1)];
    }
}
