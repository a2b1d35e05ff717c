using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How credible a label is; in [0, 1], low is suspicious.</summary>
public enum LabelScoring
{
    /// <summary>(P[i,y] − max_{k≠y} P[i,k] + 1)/2: the paper's ranking.</summary>
    NormalizedMargin,
    /// <summary>P[i,y].</summary>
    SelfConfidence,
    /// <summary>ln(1+w)/w with w = (H(P_i)/ln K)/max(P[i,y], 10⁻⁶).</summary>
    ConfidenceWeightedEntropy,
}

/// <summary>
/// Scores of labels. A row without any entropy has w = 0 and the limit 1 for a score where its label is certain; cleanlab, which divides by
/// a w of at least 10⁻⁶, gives such a row almost 0 and so ranks the surest labels as the most suspicious.
/// </summary>
public static class LabelScore
{
    private const int BlockValues = 1 << 16;

    /// <summary>Scores labels.</summary>
    /// <param name="labels">The given classes.</param>
    /// <param name="probabilities">n × K out-of-sample probabilities.</param>
    /// <param name="scoring">The score.</param>
    /// <param name="adjust">
    /// Whether each probability is first judged by its class's threshold: P' = P − t + max(t), rows normalised. Not for the entropy.
    /// </param>
    /// <exception cref="ArgumentException">Labels and probabilities do not fit, or the entropy is to be adjusted.</exception>
    public static float[] Of(ReadOnlySpan<int> labels, FloatMatrix probabilities, LabelScoring scoring = LabelScoring.NormalizedMargin, bool adjust = false)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        var scan = RowScan.Of(labels.ToArray(), probabilities);
        if (!adjust)
            return Of(scoring, scan, probabilities);
        if (scoring == LabelScoring.ConfidenceWeightedEntropy)
            throw new ArgumentException("the entropy takes no adjustment by thresholds", nameof(adjust));
        return Adjusted(scoring, scan, probabilities);
    }

    /// <summary>The rows that are flagged, by rising score; equal scores in the order of rows.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static ImmutableArray<int> Order(ReadOnlySpan<bool> mask, ReadOnlySpan<float> scores)
    {
        if (mask.Length != scores.Length)
            throw new ArgumentException($"{scores.Length} scores for {mask.Length} rows", nameof(scores));
        var rows = new List<int>();
        for (var i = 0; i < mask.Length; i++)
        {
            if (mask[i])
                rows.Add(i);
        }
        var order = rows.ToArray();
        var keys = new (float Score, int Row)[order.Length];
        for (var i = 0; i < order.Length; i++)
            keys[i] = (scores[order[i]], order[i]);
        Array.Sort(keys, order);
        return ImmutableCollectionsMarshal.AsImmutableArray(order);
    }

    internal static float[] Of(LabelScoring scoring, RowScan scan, FloatMatrix probabilities)
    {
        var scores = new float[scan.Count];
        switch (scoring)
        {
            case LabelScoring.SelfConfidence:
                scan.Own.CopyTo(scores, 0);
                break;
            case LabelScoring.NormalizedMargin:
                TensorPrimitives.Subtract(scan.Own, scan.Other, scores);
                TensorPrimitives.Add(scores, 1, scores);
                TensorPrimitives.Multiply(scores, 0.5f, scores);
                break;
            case LabelScoring.ConfidenceWeightedEntropy:
                Entropies(scan, probabilities, scores);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(scoring), scoring, "a score was expected");
        }
        return scores;
    }

    private static void Entropies(RowScan scan, FloatMatrix probabilities, float[] scores)
    {
        var k = probabilities.Columns;
        var rowsPerBlock = Math.Max(1, BlockValues / k);
        Parallel.For(0, (scan.Count + rowsPerBlock - 1) / rowsPerBlock, () => new float[k], (block, _, logs) =>
        {
            for (var i = block * rowsPerBlock; i < Math.Min(scan.Count, (block + 1) * rowsPerBlock); i++)
            {
                var row = probabilities.Row(i);
                // 0 · ln 0 = 0: the smallest normal number stands for 0.
                TensorPrimitives.Max(row, 1.2e-38f, logs);
                TensorPrimitives.Log(logs, logs);
                var w = -TensorPrimitives.Dot(row, logs) / Math.Log(k) / Math.Max(scan.Own[i], 1e-6);
                scores[i] = w <= 0 ? (scan.Own[i] > 0.5f ? 1 : 0) : (float)(double.LogP1(w) / w);
            }
            return logs;
        }, static _ => { });
    }

    private static float[] Adjusted(LabelScoring scoring, RowScan scan, FloatMatrix probabilities)
    {
        var k = probabilities.Columns;
        var greatest = scan.Thresholds.Max();
        var shifts = Array.ConvertAll(scan.Thresholds, t => (float)(greatest - t));
        var scores = new float[scan.Count];
        var rowsPerBlock = Math.Max(1, BlockValues / k);
        Parallel.For(0, (scan.Count + rowsPerBlock - 1) / rowsPerBlock, () => new float[k], (block, _, row) =>
        {
            for (var i = block * rowsPerBlock; i < Math.Min(scan.Count, (block + 1) * rowsPerBlock); i++)
            {
                TensorPrimitives.Add(probabilities.Row(i), shifts, row);
                TensorPrimitives.Divide(row, TensorPrimitives.Sum(row), row);
                var own = row[scan.Labels[i]];
                row[scan.Labels[i]] = float.NegativeInfinity;
                scores[i] = scoring == LabelScoring.SelfConfidence ? own : (own - TensorPrimitives.Max(row) + 1) / 2;
            }
            return row;
        }, static _ => { });
        return scores;
    }
}
