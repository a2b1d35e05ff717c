using Assay.Statistics;

namespace Assay.Data;

/// <summary>Disturbs features: noise in proportion to each feature's spread, and values that go missing.</summary>
[Method("feature-noise", Kind = MethodKind.Transform)]
public static class FeatureNoise
{
    /// <summary>x + level · s_j · ε with ε standard normal and s_j the deviation of feature j. A constant feature stays as it is.</summary>
    /// <param name="features">The features.</param>
    /// <param name="level">The noise in deviations, at least 0.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is negative.</exception>
    public static FloatMatrix Gaussian(FloatMatrix features, double level, long seed)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        if (features.Rows == 0)
            return features;
        var scale = Standardizer.Fit(features);
        var constant = Enumerable.Range(0, features.Columns).Select(j => IsConstant(features, j)).ToArray();
        var random = new SeededRandom(seed);
        var values = features.Values.ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            var j = i % features.Columns;
            var noise = level * random.NextGaussian();
            if (!constant[j])
                values[i] += (float)(noise * scale.Deviation[j]);
        }
        return new FloatMatrix(values, features.Rows, features.Columns);
    }

    /// <summary>Makes each value missing (NaN) with the same chance, whatever it is (missing completely at random).</summary>
    /// <param name="features">The features.</param>
    /// <param name="rate">The chance, 0 to 1.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate is out of range.</exception>
    public static FloatMatrix Missing(FloatMatrix features, double rate, long seed)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (!(rate >= 0 && rate <= 1))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "a share from 0 to 1 was expected");
        var random = new SeededRandom(seed);
        var values = features.Values.ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            if (random.NextDouble() < rate)
                values[i] = float.NaN;
        }
        return new FloatMatrix(values, features.Rows, features.Columns);
    }

    private static bool IsConstant(FloatMatrix features, int column)
    {
        for (var i = 1; i < features.Rows; i++)
        {
            if (features[i, column] != features[0, column])
                return false;
        }
        return true;
    }
}
