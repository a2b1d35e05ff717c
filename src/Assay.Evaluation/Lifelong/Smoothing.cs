namespace Assay.Evaluation;

/// <summary>The window of a moving average.</summary>
public enum SmoothingWindow
{
    /// <summary>No smoothing.</summary>
    None,
    /// <summary>Equal weights.</summary>
    Flat,
    /// <summary>½ − ½cos(2πi/(L−1)).</summary>
    Hanning,
    /// <summary>0.54 − 0.46cos(2πi/(L−1)).</summary>
    Hamming,
    /// <summary>A triangle that is 0 at both ends.</summary>
    Bartlett,
    /// <summary>0.42 − ½cos(2πi/(L−1)) + 0.08cos(4πi/(L−1)).</summary>
    Blackman,
}

/// <summary>Smooths a curve by a moving average over its reflection at both ends; the length is kept.</summary>
public static class Smoothing
{
    /// <summary>
    /// Window L = min(⌊0.2n⌋, 100); a curve with L &lt; 3 is left as it is. Reflected ends x[L−1..1], x, x[n−2..n−L], the moving mean, cut
    /// by ⌊L/2 − 1⌋ at the start and ⌈L/2⌉ at the end.
    /// </summary>
    /// <param name="values">The curve.</param>
    /// <param name="window">The window's shape.</param>
    /// <param name="length">L, or null for the default; one longer than the curve is replaced by the default.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is not positive.</exception>
    public static double[] Apply(ReadOnlySpan<double> values, SmoothingWindow window = SmoothingWindow.Flat, int? length = null)
    {
        if (length is { } given)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(given, nameof(length));
        var n = values.Length;
        var l = length is { } asked && asked <= n ? asked : Math.Min((int)(n * 0.2), 100);
        if (l < 3 || window == SmoothingWindow.None)
            return values.ToArray();
        var weights = Weights(window, l);
        var (smoothed, shift) = (new double[n], (int)Math.Floor(l / 2.0 - 1));
        for (var i = 0; i < n; i++)
        {
            var sum = 0.0;
            for (var k = 0; k < l; k++)
            {
                var at = i + shift + k - (l - 1);
                sum += weights[k] * values[at < 0 ? -at : at >= n ? 2 * (n - 1) - at : at];
            }
            smoothed[i] = sum;
        }
        return smoothed;
    }

    private static double[] Weights(SmoothingWindow window, int l)
    {
        var weights = new double[l];
        for (var i = 0; i < l; i++)
        {
            var angle = 2 * Math.PI * i / (l - 1);
            weights[i] = window switch
            {
                SmoothingWindow.Hanning => 0.5 - 0.5 * Math.Cos(angle),
                SmoothingWindow.Hamming => 0.54 - 0.46 * Math.Cos(angle),
                SmoothingWindow.Bartlett => 1 - Math.Abs(2.0 * i / (l - 1) - 1),
                SmoothingWindow.Blackman => 0.42 - 0.5 * Math.Cos(angle) + 0.08 * Math.Cos(2 * angle),
                _ => 1,
            };
        }
        var sum = weights.Sum();
        return Array.ConvertAll(weights, w => w / sum);
    }
}
