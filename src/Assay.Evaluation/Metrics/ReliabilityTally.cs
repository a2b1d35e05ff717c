using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>A bin of a reliability diagram.</summary>
/// <param name="Count">The number of examples.</param>
/// <param name="Confidence">Their mean confidence.</param>
/// <param name="Accuracy">The share of right answers among them.</param>
/// <param name="SquaredGaps">Σ (1[right] − confidence)².</param>
public readonly record struct ReliabilityBin(long Count, double Confidence, double Accuracy, double SquaredGaps)
{
    /// <summary>Accuracy − confidence: negative where the model is overconfident.</summary>
    public double Gap => Accuracy - Confidence;
}

/// <summary>Confidences and outcomes, in bins.</summary>
internal abstract class ReliabilityTally : Tally
{
    public abstract void Add(float confidence, bool correct);

    /// <summary>The bins that are not empty, by rising confidence.</summary>
    public abstract ReadOnlySpan<ReliabilityBin> ToBins();

    /// <summary>For a confidence, the number of its bin, given all that was seen.</summary>
    public abstract Func<float, int> Binning();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override void Add(in PredictionBlock block)
    {
        for (var i = 0; i < block.Labels.Length; i++)
            Add(block.Confidences[i], block.Labels[i] == block.Predicted[i]);
    }
}

/// <summary>Running sums of one bin.</summary>
internal struct BinSums
{
    public long Count;
    public double Confidence, Correct, SquaredGaps;

    public void Add(float confidence, bool correct)
    {
        var right = correct ? 1.0 : 0.0;
        Count++;
        Confidence += confidence;
        Correct += right;
        SquaredGaps += (right - confidence) * (right - confidence);
    }

    public void Add(in BinSums other)
    {
        Count += other.Count;
        Confidence += other.Confidence;
        Correct += other.Correct;
        SquaredGaps += other.SquaredGaps;
    }

    public readonly ReliabilityBin ToBin() => new(Count, Confidence / Count, Correct / Count, SquaredGaps);
}

/// <summary>Bins of equal width: constant memory.</summary>
internal sealed class EqualWidthBins(int count) : ReliabilityTally
{
    private readonly BinSums[] bins = new BinSums[count];

    public override void Add(float confidence, bool correct) => bins[BinOf(confidence, bins.Length)].Add(confidence, correct);

    /// <summary>The bin b with confidence in (b/B, (b + 1)/B].</summary>
    public static int BinOf(float confidence, int count) => Math.Clamp((int)MathF.Ceiling(confidence * count) - 1, 0, count - 1);

    public override void Merge(Tally other)
    {
        var others = Same<EqualWidthBins>(other).bins;
        for (var b = 0; b < bins.Length; b++)
            bins[b].Add(others[b]);
    }

    public override Func<float, int> Binning() => confidence => BinOf(confidence, bins.Length);

    public override ReadOnlySpan<ReliabilityBin> ToBins() => Array.ConvertAll(Array.FindAll(bins, b => b.Count > 0), b => b.ToBin());
}

/// <summary>Bins of equal mass: the confidences are kept (8 bytes an example) and sorted at the end.</summary>
internal sealed class EqualMassBins(int count) : ReliabilityTally
{
    private readonly List<ulong> items = [];
    private readonly List<float> edges = []; // The lowest confidence of each bin but the first.

    public override void Expect(int rows) => items.EnsureCapacity(items.Count + rows);

    public override void Add(float confidence, bool correct) => items.Add(((ulong)RadixSort.Key(confidence) << 32) | (correct ? 1UL : 0));

    public override void Merge(Tally other) => items.AddRange(Same<EqualMassBins>(other).items);

    public override Func<float, int> Binning()
    {
        _ = ToBins();
        var starts = edges.ToArray();
        return confidence => Array.BinarySearch(starts, confidence) is var at && at >= 0 ? at + 1 : ~at;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override ReadOnlySpan<ReliabilityBin> ToBins()
    {
        edges.Clear();
        var sorted = items.ToArray();
        RadixSort.SortByUpperHalf(sorted, new ulong[sorted.Length]);
        var bins = ImmutableArray.CreateBuilder<ReliabilityBin>(count);
        var current = default(BinSums);
        var boundary = Boundary(0);
        for (var i = 0; i < sorted.Length; i++)
        {
            var confidence = RadixSort.Value((uint)(sorted[i] >> 32));
            // A bin ends at its quota, but never between equal confidences: the order of the rows must not matter.
            if (i >= boundary && sorted[i] >> 32 != sorted[i - 1] >> 32)
            {
                boundary = Boundary(i);
                edges.Add(confidence);
                bins.Add(current.ToBin());
                current = default;
            }
            current.Add(confidence, (sorted[i] & 1) != 0);
        }
        if (current.Count > 0)
            bins.Add(current.ToBin());
        return bins.ToArray();

        // The first multiple of n/B, rounded down, beyond row i.
        long Boundary(long i)
        {
            var bin = i * count / sorted.Length + 1;
            while (bin * sorted.Length / count <= i)
                bin++;
            return bin * sorted.Length / count;
        }
    }
}
