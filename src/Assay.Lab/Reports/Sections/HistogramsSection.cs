using System.Collections.Immutable;
using System.Globalization;

namespace Assay.Lab;

/// <summary>A histogram of equal bins.</summary>
/// <param name="Name">What is distributed.</param>
/// <param name="Low">The lower edge of the first bin.</param>
/// <param name="High">The upper edge of the last bin, which belongs to it.</param>
/// <param name="Counts">The number of values in each bin.</param>
public sealed record ReportHistogram(string Name, double Low, double High, ImmutableArray<long> Counts)
{
    /// <summary>Counts values; those that are NaN are left out.</summary>
    /// <param name="name">What is distributed.</param>
    /// <param name="values">The values, of which every <paramref name="stride"/>-th from <paramref name="offset"/> on counts.</param>
    /// <param name="stride">The distance from one value to the next.</param>
    /// <param name="offset">Where the first value stands.</param>
    /// <param name="bins">The number of bins.</param>
    public static ReportHistogram Of(string name, ReadOnlySpan<float> values, int stride = 1, int offset = 0, int bins = 24)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stride);
        var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
        for (var i = offset; i < values.Length; i += stride)
        {
            low = values[i] < low ? values[i] : low;
            high = values[i] > high ? values[i] : high;
        }
        var counts = new long[bins];
        var width = ((double)high - low) / bins;
        for (var i = offset; i < values.Length; i += stride)
        {
            if (float.IsFinite(values[i]))
                counts[width > 0 ? Math.Min(bins - 1, (int)((values[i] - low) / width)) : 0]++;
        }
        return new ReportHistogram(name, low, high, [.. counts]);
    }
}

/// <summary>Small histograms side by side.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Histograms">The histograms.</param>
public sealed record HistogramsSection(string Title, ImmutableArray<ReportHistogram> Histograms) : ReportSection(Title)
{
    private const int Width = 192, Height = 72;

    /// <inheritdoc/>
    public override bool IsEmpty => Histograms.IsEmpty;

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        html.Append($"<div class=\"sheet\">\n");
        foreach (var histogram in Histograms)
            Write(html, histogram);
        html.Append($"</div>\n");
    }

    private static void Write(HtmlBuilder html, ReportHistogram histogram)
    {
        var total = histogram.Counts.Sum();
        var most = Math.Max(1, histogram.Counts.Max());
        var (low, high) = (ReportNumbers.Value(histogram.Low), ReportNumbers.Value(histogram.High));
        html.Append($"<figure class=\"small\"><svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{histogram.Name}: {total} values from {low} to {high}\"><path fill=\"var(--c1)\" d=\"{Path(histogram.Counts, most)}\"/><path stroke=\"var(--soft)\" d=\"M0 {Height - 0.5}H{Width}\"/></svg>");
        html.Append($"<figcaption><strong>{histogram.Name}</strong><br>{(total == 0 ? "no values" : low == high ? $"always {low}" : $"{low} to {high}")}</figcaption></figure>\n");
    }

    private static string Path(ImmutableArray<long> counts, long most)
    {
        var step = (double)Width / counts.Length;
        return string.Concat(counts.Select((count, i) => count == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $"M{i * step:0.#} {Height - 1}V{Height - 1 - Math.Max(1, (Height - 2.0) * count / most):0.#}h{step - 1:0.#}V{Height - 1}z")));
    }
}
