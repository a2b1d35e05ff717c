using System.Globalization;
using System.Text.RegularExpressions;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Assay.Lab;

/// <summary>
/// A ScottPlot figure that is put into a page as SVG. It is drawn in stand-in colours, which become the page's variables, so that the
/// figure follows light, dark and print.
/// </summary>
public sealed partial class Figure
{
    private const string Fonts = "DejaVu Sans,Verdana,Geneva,sans-serif";
    private static readonly string FontName = PickFont();

    private static readonly string[] Dashes = ["", "7 4", "2 3", "4 2"];

    // Stand-ins: colours that nothing else uses, and the variable that each becomes.
    private static readonly (Color Color, string Variable)[] Roles =
    [
        (Color.FromHex("#010203"), "--ink"), (Color.FromHex("#010204"), "--soft"), (Color.FromHex("#010205"), "--grid"), (Color.FromHex("#010206"), "--panel"),
        (Color.FromHex("#010211"), "--c1"), (Color.FromHex("#010212"), "--c2"), (Color.FromHex("#010213"), "--c3"),
        (Color.FromHex("#010214"), "--c4"), (Color.FromHex("#010215"), "--c5"), (Color.FromHex("#010216"), "--c6"),
    ];

    // Skia's SVG has no dashes (it complains and falls back), so a dashed line is a colour too, which becomes a colour with dashes.
    private static readonly (Color Color, string Variable, string Dashes)[] Lines =
        [(Color.FromHex("#010207"), "--soft", "6 4"), .. Enumerable.Range(0, 12).Select(i => (Color.FromHex($"#0103{i:x2}"), $"--c{1 + i % 6}", Dashes[i % 4]))];

    private readonly int width, height;

    /// <summary>An empty figure.</summary>
    /// <param name="width">The width in pixels at full size.</param>
    /// <param name="height">The height in pixels at full size.</param>
    public Figure(int width = 720, int height = 320)
    {
        (this.width, this.height) = (width, height);
        Plot.FigureBackground.Color = Colors.Transparent;
        Plot.DataBackground.Color = Colors.Transparent;
        Plot.Axes.Color(Soft);
        Plot.Grid.MajorLineColor = Grid;
        Plot.Axes.Right.FrameLineStyle.Width = 0;
        Plot.Axes.Top.FrameLineStyle.Width = 0;
        foreach (var axis in Plot.Axes.GetAxes())
        {
            axis.TickLabelStyle.FontSize = 12;
            axis.Label.FontSize = 13;
            axis.Label.Bold = false;
            axis.Label.ForeColor = Soft;
        }
        Plot.HideLegend(); // the page has its own, which wraps and can be read aloud
    }

    /// <summary>The plot to draw on. Use this class's colours only.</summary>
    public Plot Plot { get; } = new();

    /// <summary>The colour of texts.</summary>
    public static Color Ink => Roles[0].Color;

    /// <summary>The colour of axes and reference lines.</summary>
    public static Color Soft => Roles[1].Color;

    /// <summary>The colour of grid lines.</summary>
    public static Color Grid => Roles[2].Color;

    /// <summary>The colour of series number i, from 0: six that colour-blind readers can tell apart; lines have dashes too: <see cref="Line"/>.</summary>
    public static Color Series(int i) => Roles[4 + i % 6].Color;

    /// <summary>The colour of the line of series number i, which is drawn with the series' dashes: a second cue beside the colour. For lines only.</summary>
    public static Color Line(int i) => Lines[1 + i % 12].Color;

    /// <summary>The colour of a dashed reference line.</summary>
    public static Color Reference => Lines[0].Color;

    /// <summary>A short piece of the line of series number i, for a legend in the page.</summary>
    public static RawHtml Swatch(int i)
    {
        var dashes = i % 4 == 0 ? "" : $" stroke-dasharray=\"{Dashes[i % 4]}\"";
        return new(string.Create(CultureInfo.InvariantCulture,
            $"<svg class=\"swatch\" viewBox=\"0 0 26 8\" aria-hidden=\"true\"><path d=\"M0 4H26\" stroke=\"var(--c{1 + i % 6})\" stroke-width=\"2.5\"{dashes}/></svg>"));
    }

    /// <summary>Ticks of a logarithmic axis whose plotted values are log₁₀: decades, 1-2-5 steps, or even steps, as the range asks.</summary>
    /// <param name="plotted">The plotted values.</param>
    public static NumericManual LogTicks(IEnumerable<double> plotted)
    {
        var finite = plotted.Where(double.IsFinite).DefaultIfEmpty(0).ToArray();
        var (low, high) = (finite.Min(), finite.Max());
        var values = high - low < 0.7 ? EvenSteps(Math.Pow(10, low), Math.Pow(10, high)) : Steps(low, high, high - low < 3 ? [1, 2, 5] : [1]);
        return new NumericManual([.. values.Select(Math.Log10)], [.. values.Select(Label)]);
    }

    private static double[] Steps(double low, double high, double[] factors) =>
        [.. Enumerable.Range((int)Math.Floor(low), (int)Math.Ceiling(high) - (int)Math.Floor(low) + 1).SelectMany(e => factors.Select(f => f * Math.Pow(10, e)))];

    private static double[] EvenSteps(double low, double high)
    {
        var raw = Math.Max(high - low, 1e-3 * low) / 4;
        var magnitude = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = magnitude * (raw / magnitude) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
        return [.. Enumerable.Range((int)Math.Floor(low / step), 12).Select(i => i * step).Where(v => v > 0)];
    }

    private static string Label(double value) =>
        value.ToString(value is >= 1e-3 and < 1e6 ? "0.#####" : "0.#e0", CultureInfo.InvariantCulture);

    /// <summary>The figure as markup.</summary>
    /// <param name="id">An id that no other figure of the page has.</param>
    /// <param name="description">What the figure shows, for those who do not see it.</param>
    public RawHtml ToSvg(string id, string description)
    {
        Plot.Font.Set(FontName);
        var svg = Plot.GetSvgXml(width, height);
        svg = svg[svg.IndexOf("<svg", StringComparison.Ordinal)..];
        foreach (var (color, variable) in Roles)
            svg = svg.Replace($"\"{color.ToHex()}\"", $"\"var({variable})\"", StringComparison.OrdinalIgnoreCase);
        foreach (var (color, variable, dashes) in Lines)
            svg = svg.Replace($"stroke=\"{color.ToHex()}\"", $"stroke=\"var({variable})\"{(dashes.Length > 0 ? $" stroke-dasharray=\"{dashes}\"" : "")}", StringComparison.OrdinalIgnoreCase);
        svg = FontFamily().Replace(svg, $"font-family=\"{Fonts}\"");
        svg = ClipId().Replace(svg, m => $"{m.Groups[1].Value}{id}-{m.Groups[2].Value}");
        svg = Indent().Replace(svg, ">");
        var label = System.Net.WebUtility.HtmlEncode(description);
        var head = string.Create(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" role=\"img\" aria-label=\"{label}\"><title>{label}</title>");
        return new RawHtml(head + svg[(svg.IndexOf('>', StringComparison.Ordinal) + 1)..]);
    }

    // DejaVu Sans and Verdana have almost the same widths, so text fits its place on every system.
    private static string PickFont()
    {
        foreach (var name in Fonts.Split(','))
        {
            // An absent font is answered with another one.
            if (ScottPlot.Fonts.GetTypeface(name, false, false)?.FamilyName.Equals(name, StringComparison.OrdinalIgnoreCase) == true)
                return name;
        }
        return ScottPlot.Fonts.Default;
    }

    [GeneratedRegex("font-family=\"[^\"]*\"")]
    private static partial Regex FontFamily();

    [GeneratedRegex("(id=\"|url\\(#)(cl_[0-9a-f]+)")]
    private static partial Regex ClipId();

    [GeneratedRegex(">\\s+(?=<)")]
    private static partial Regex Indent();
}
