using System.Collections.Immutable;
using Assay.Training;
using ScottPlot;

namespace Assay.Lab;

/// <summary>A line of a figure.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="X">The abscissas, rising.</param>
/// <param name="Y">The ordinates; those that are not finite leave a gap.</param>
public sealed record ReportCurve(string Name, ImmutableArray<double> X, ImmutableArray<double> Y)
{
    /// <summary>Whether single points are marked as well.</summary>
    public bool HasMarkers { get; init; }

    /// <summary>A band around the line (low, high), or empty.</summary>
    public ImmutableArray<(double Low, double High)> Band { get; init; } = [];
}

/// <summary>Lines over a common axis.</summary>
/// <param name="Title">The heading.</param>
/// <param name="XLabel">The horizontal axis with its unit.</param>
/// <param name="YLabel">The vertical axis with its unit.</param>
/// <param name="Curves">The lines.</param>
public sealed record CurvesSection(string Title, string XLabel, string YLabel, ImmutableArray<ReportCurve> Curves) : ReportSection(Title)
{
    /// <summary>Whether the horizontal axis is logarithmic.</summary>
    public bool LogX { get; init; }

    /// <summary>Whether the vertical axis is logarithmic.</summary>
    public bool LogY { get; init; }

    /// <inheritdoc/>
    public override bool IsEmpty => Curves.All(c => c.X.IsEmpty);

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        var figure = new Figure();
        for (var i = 0; i < Curves.Length; i++)
            Draw(figure.Plot, Curves[i], i);
        figure.Plot.XLabel(XLabel);
        figure.Plot.YLabel(YLabel);
        if (LogX)
            figure.Plot.Axes.Bottom.TickGenerator = Figure.LogTicks(Curves.SelectMany(c => c.X).Select(x => Map(x, true)));
        if (LogY)
            figure.Plot.Axes.Left.TickGenerator = Figure.LogTicks(Curves.SelectMany(c => c.Y).Select(y => Map(y, true)));
        var description = $"{Title}: {YLabel} over {XLabel}. {string.Join("; ", Curves.Select(Describe))}.";
        html.Append($"<figure>{figure.ToSvg(id, description)}<figcaption><ul>");
        for (var i = 0; i < Curves.Length; i++)
            html.Append($"<li>{Figure.Swatch(i)}{Describe(Curves[i])}</li>");
        html.Append($"</ul></figcaption></figure>\n");
    }

    /// <summary>The curves of a training that share a meaning (loss, accuracy, learning rate), as sections of their own; constant ones are left out.</summary>
    public static ImmutableArray<CurvesSection> OfTraining(IReadOnlyCollection<CurvePoint> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        // A curve that never moves, such as a constant learning rate, tells nothing.
        var meanings = points.GroupBy(p => p.Name[(p.Name.LastIndexOf('/') + 1)..]).Where(g => g.Select(p => p.Value).Distinct().Skip(1).Any());
        return [.. meanings.Select(meaning => new CurvesSection(
            Capital(meaning.Key.Replace('-', ' ')), "epoch", meaning.Key.Replace('-', ' '),
            [.. meaning.GroupBy(p => p.Name).Select(c => new ReportCurve(c.Key, [.. c.Select(p => p.Epoch)], [.. c.Select(p => p.Value)]))]))];
    }

    private void Draw(Plot plot, ReportCurve curve, int index)
    {
        var color = Figure.Series(index);
        var points = Enumerable.Range(0, curve.X.Length).Select(i => (X: Map(curve.X[i], LogX), Y: Map(curve.Y[i], LogY))).ToArray();
        if (!curve.Band.IsEmpty)
        {
            var band = plot.Add.FillY(
                [.. points.Select(p => p.X)], [.. curve.Band.Select(b => Map(b.Low, LogY))], [.. curve.Band.Select(b => Map(b.High, LogY))]);
            band.FillColor = color.WithAlpha(.2);
            band.LineWidth = 0;
        }
        foreach (var run in Runs(points))
        {
            var line = plot.Add.Scatter(run.Select(p => p.X).ToArray(), run.Select(p => p.Y).ToArray());
            line.MarkerColor = color;
            line.LineColor = Figure.Line(index);
            line.LineWidth = 2;
            line.MarkerSize = curve.HasMarkers || run.Length == 1 ? 6 : 0;
        }
    }

    // Stretches without a value that cannot be drawn.
    private static IEnumerable<(double X, double Y)[]> Runs((double X, double Y)[] points)
    {
        var run = new List<(double, double)>();
        foreach (var point in points)
        {
            if (double.IsFinite(point.X) && double.IsFinite(point.Y))
            {
                run.Add(point);
            }
            else if (run.Count > 0)
            {
                yield return run.ToArray();
                run.Clear();
            }
        }
        if (run.Count > 0)
            yield return run.ToArray();
    }

    private static double Map(double value, bool log) => !log ? value : value > 0 ? Math.Log10(value) : double.NaN;

    private static string Describe(ReportCurve curve)
    {
        var finite = curve.Y.Where(double.IsFinite).ToArray();
        return finite.Length == 0 ? $"{curve.Name}: no values" : $"{curve.Name} from {ReportNumbers.Value(finite[0])} to {ReportNumbers.Value(finite[^1])}";
    }

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}
