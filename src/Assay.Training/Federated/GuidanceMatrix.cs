using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>How deviations become factors, in each tensor by itself.</summary>
public enum GuidanceScaling
{
    /// <summary>(D − min D)/(max D − min D), from 0 to 1 (the paper's).</summary>
    MinMax,
    /// <summary>(D − median)/(Q₃ − Q₁), cut off at 0.</summary>
    Robust,
}

/// <summary>
/// FedLEx's guidance matrix (Internò et al. 2024): a factor for every weight, large where clients that explored moved a lot. With deviations
/// D = (1/S) Σ_s (θ_s − θ_base)², G = (D − min D)/(max D − min D) in each tensor. Weights that nobody moves are frozen.
/// </summary>
/// <param name="Values">G, one number for each weight.</param>
/// <param name="Layout">Which element belongs to which tensor.</param>
/// <param name="Constant">Names of tensors whose deviations were all equal: their factor is 1.</param>
public sealed record GuidanceMatrix(ImmutableArray<float> Values, ImmutableArray<VectorSegment> Layout, ImmutableArray<string> Constant)
{
    /// <summary>Builds the matrix from deviations.</summary>
    /// <param name="deviations">D, one number for each weight, 0 or more.</param>
    /// <param name="layout">Which element belongs to which tensor.</param>
    /// <param name="scaling">How D is scaled.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static GuidanceMatrix FromDeviations(ReadOnlySpan<double> deviations, ImmutableArray<VectorSegment> layout, GuidanceScaling scaling = GuidanceScaling.MinMax)
    {
        if (deviations.Length != layout.Sum(s => s.Length))
            throw new ArgumentException($"{deviations.Length} deviations for {layout.Sum(s => s.Length)} weights", nameof(deviations));
        var values = new float[deviations.Length];
        var constant = ImmutableArray.CreateBuilder<string>();
        foreach (var segment in layout)
        {
            var d = deviations.Slice(segment.Offset, segment.Length);
            double[] sorted = [.. d];
            Array.Sort(sorted);
            var (low, range) = scaling == GuidanceScaling.MinMax ? (sorted[0], sorted[^1] - sorted[0]) : (Quantile(sorted, 0.5), Quantile(sorted, 0.75) - Quantile(sorted, 0.25));
            var to = values.AsSpan(segment.Offset, segment.Length);
            // A single element, or explorers that did not move: division by 0 in the authors' code. 1 changes nothing.
            if (!(range > 0))
            {
                to.Fill(1);
                constant.Add(segment.Name);
                continue;
            }
            for (var i = 0; i < d.Length; i++)
                to[i] = (float)Math.Max(0, (d[i] - low) / range);
        }
        return new GuidanceMatrix([.. values], layout, constant.ToImmutable());
    }

    /// <summary>D from the weights of explorers. Those that are not finite are left out.</summary>
    /// <param name="start">θ_base.</param>
    /// <param name="explorers">θ_s.</param>
    /// <exception cref="ArgumentException">No explorer is finite, or one is of another model.</exception>
    public static double[] Deviations(ReadOnlySpan<float> start, IReadOnlyCollection<float[]> explorers)
    {
        ArgumentNullException.ThrowIfNull(explorers);
        var sum = new double[start.Length];
        var used = 0;
        foreach (var explorer in explorers.Where(e => e.All(float.IsFinite)))
        {
            if (explorer.Length != start.Length)
                throw new ArgumentException($"an explorer has {explorer.Length} weights, the start {start.Length}", nameof(explorers));
            used++;
            for (var i = 0; i < sum.Length; i++)
            {
                var moved = (double)explorer[i] - start[i];
                sum[i] += moved * moved;
            }
        }
        if (used == 0)
            throw new ArgumentException("no explorer has finite weights", nameof(explorers));
        for (var i = 0; i < sum.Length; i++)
            sum[i] /= used;
        return sum;
    }

    /// <summary>All factors 1: no guidance.</summary>
    public static GuidanceMatrix Ones(ImmutableArray<VectorSegment> layout) => new([.. Enumerable.Repeat(1f, layout.Sum(s => s.Length))], layout, []);

    /// <summary>The same factors in another place, tensor by tensor: the same histogram without the information. A control.</summary>
    public GuidanceMatrix Permuted(long seed)
    {
        float[] values = [.. Values];
        var random = SeededRandom.At(seed, 862);
        foreach (var segment in Layout)
            random.Shuffle(values.AsSpan(segment.Offset, segment.Length));
        return this with { Values = [.. values] };
    }

    /// <summary>1 − G: what explorers moved most moves least. A control.</summary>
    public GuidanceMatrix Inverse() => this with { Values = [.. Values.Select(v => Math.Max(0, 1 - v))] };

    /// <summary>Writes it as safetensors, one tensor for each parameter.</summary>
    public void Save(string path)
    {
        using var scope = NewDisposeScope();
        Safetensors.Write(path, Layout.Select(s => (s.Name, tensor(Values.AsSpan().Slice(s.Offset, s.Length).ToArray(), [.. s.Shape]))), new Dictionary<string, string> { ["constant"] = string.Join(',', Constant) });
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="layout">The layout of the model that it shall guide.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or of another model.</exception>
    public static GuidanceMatrix Load(string path, ImmutableArray<VectorSegment> layout)
    {
        using var scope = NewDisposeScope();
        var (tensors, metadata) = Safetensors.Read(path);
        var values = new float[layout.Sum(s => s.Length)];
        foreach (var segment in layout)
        {
            if (!tensors.TryGetValue(segment.Name, out var t) || !t.shape.SequenceEqual(segment.Shape))
                throw new InvalidDataException($"{path} has no tensor '{segment.Name}' of shape [{string.Join(", ", segment.Shape)}]: it guides another model");
            t.reshape(-1).data<float>().ToArray().CopyTo(values, segment.Offset);
        }
        return new GuidanceMatrix([.. values], layout, [.. metadata.GetValueOrDefault("constant", "").Split(',', StringSplitOptions.RemoveEmptyEntries)]);
    }

    private static double Quantile(double[] sorted, double q)
    {
        var at = q * (sorted.Length - 1);
        var low = (int)at;
        return low + 1 < sorted.Length ? sorted[low] + (at - low) * (sorted[low + 1] - sorted[low]) : sorted[low];
    }
}
