using Assay.Statistics;

namespace Assay.Data;

/// <summary>Makes datasets of a known law, so that what a method finds can be compared with the truth.</summary>
[MethodValue]
public abstract class DatasetGenerator
{
    /// <summary>Draws a dataset. The same seed gives the same one.</summary>
    public abstract Dataset Generate(long seed);

    private protected static Dataset Points(string name, float[] values, int[] labels, int classes)
    {
        var dimensions = values.Length / labels.Length;
        return new Dataset
        {
            Name = name,
            Ids = TableDataset.RowIds(labels.Length),
            Features = new FloatMatrix(values, labels.Length, dimensions),
            FeatureNames = [.. Enumerable.Range(1, dimensions).Select(d => $"x{d}")],
            FeatureShape = [dimensions],
            Labels = [.. labels],
            ClassNames = [.. Enumerable.Range(0, classes).Select(c => c.ToString(System.Globalization.CultureInfo.InvariantCulture))],
        };
    }
}

/// <summary>
/// k Gaussian classes in d dimensions: class c is N(μ_c, deviation² I) with μ_c = separation · u_c, u_c uniform on the unit sphere (for two
/// classes opposite points, so that the Bayes error is Φ(−separation/deviation)). Classes take turns, so their counts differ by at most 1.
/// </summary>
[Method("gaussian-blobs", Kind = MethodKind.Transform)]
public sealed class GaussianBlobs : DatasetGenerator
{
    private readonly int count;
    private readonly int classes;
    private readonly int dimensions;
    private readonly double separation;
    private readonly double deviation;

    /// <summary>Creates the generator.</summary>
    /// <param name="count">n, at least the number of classes.</param>
    /// <param name="classes">k, at least 1.</param>
    /// <param name="dimensions">d, at least 1.</param>
    /// <param name="separation">The distance of the class centres from the origin, at least 0.</param>
    /// <param name="deviation">The standard deviation in each direction, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public GaussianBlobs(int count = 1000, int classes = 3, int dimensions = 2, double separation = 3, double deviation = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, classes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimensions);
        ArgumentOutOfRangeException.ThrowIfNegative(separation);
        ArgumentOutOfRangeException.ThrowIfNegative(deviation);
        (this.count, this.classes, this.dimensions, this.separation, this.deviation) = (count, classes, dimensions, separation, deviation);
    }

    /// <inheritdoc/>
    public override Dataset Generate(long seed)
    {
        var random = new SeededRandom(seed);
        var centres = new double[classes][];
        for (var c = 0; c < classes; c++)
        {
            if (classes == 2 && c == 1)
            {
                centres[1] = [.. centres[0].Select(v => -v)];
                break;
            }
            var direction = Enumerable.Range(0, dimensions).Select(_ => random.NextGaussian()).ToArray();
            var norm = Math.Sqrt(direction.Sum(v => v * v));
            centres[c] = [.. direction.Select(v => separation * v / norm)];
        }
        var values = new float[count * dimensions];
        var labels = new int[count];
        for (var i = 0; i < count; i++)
        {
            labels[i] = i % classes;
            for (var d = 0; d < dimensions; d++)
                values[i * dimensions + d] = (float)(centres[labels[i]][d] + deviation * random.NextGaussian());
        }
        return Points("gaussian-blobs", values, labels, classes);
    }
}

/// <summary>
/// Two interleaving half circles of radius 1, scikit-learn's <c>make_moons</c>: class 0 at (cos t, sin t), class 1 at (1 − cos t, ½ − sin t),
/// t evenly spread over [0, π], with Gaussian noise.
/// </summary>
[Method("two-moons", Kind = MethodKind.Transform)]
public sealed class TwoMoons : DatasetGenerator
{
    private readonly int count;
    private readonly double noise;

    /// <summary>Creates the generator.</summary>
    /// <param name="count">n, at least 2.</param>
    /// <param name="noise">The standard deviation of the noise, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public TwoMoons(int count = 1000, double noise = 0.1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(noise);
        (this.count, this.noise) = (count, noise);
    }

    /// <inheritdoc/>
    public override Dataset Generate(long seed)
    {
        var random = new SeededRandom(seed);
        var values = new float[count * 2];
        var labels = new int[count];
        for (var i = 0; i < count; i++)
        {
            labels[i] = i % 2;
            var size = labels[i] == 0 ? (count + 1) / 2 : count / 2;
            var t = Math.PI * (i / 2) / Math.Max(1, size - 1);
            var (x, y) = labels[i] == 0 ? (Math.Cos(t), Math.Sin(t)) : (1 - Math.Cos(t), 0.5 - Math.Sin(t));
            values[2 * i] = (float)(x + noise * random.NextGaussian());
            values[2 * i + 1] = (float)(y + noise * random.NextGaussian());
        }
        return Points("two-moons", values, labels, 2);
    }
}

/// <summary>Points uniform on [0, cells]², of class (⌊x⌋ + ⌊y⌋) mod 2: no linear model can tell the classes apart.</summary>
[Method("checkerboard", Kind = MethodKind.Transform)]
public sealed class Checkerboard : DatasetGenerator
{
    private readonly int count;
    private readonly int cells;

    /// <summary>Creates the generator.</summary>
    /// <param name="count">n, at least 1.</param>
    /// <param name="cells">The number of cells along each side, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public Checkerboard(int count = 1000, int cells = 4)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cells);
        (this.count, this.cells) = (count, cells);
    }

    /// <inheritdoc/>
    public override Dataset Generate(long seed)
    {
        var random = new SeededRandom(seed);
        var values = new float[count * 2];
        var labels = new int[count];
        for (var i = 0; i < count; i++)
        {
            var (x, y) = (random.NextDouble() * cells, random.NextDouble() * cells);
            labels[i] = ((int)x + (int)y) % 2;
            // Rounding to single precision must not carry a point into the next cell.
            values[2 * i] = Math.Min((float)x, MathF.BitDecrement((int)x + 1));
            values[2 * i + 1] = Math.Min((float)y, MathF.BitDecrement((int)y + 1));
        }
        return Points("checkerboard", values, labels, 2);
    }
}
