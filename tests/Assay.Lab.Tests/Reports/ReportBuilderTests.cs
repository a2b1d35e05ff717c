using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Assay.Evaluation;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Lab.Tests;

public sealed partial class ReportBuilderTests
{
    private const string Hostile = "<script>alert('x')</script> & \"quoted\"";

    private static Report Of(params ImmutableArray<ReportSection> sections) => new("A title", "A verdict.", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), sections);

    private static string ContentOf(ReportSection section) => ReportBuilder.Write(Of(section));

    private static Predictions Sample()
    {
        var random = new SeededRandom(1);
        const int Count = 300, Classes = 4;
        int[] labels = [.. Enumerable.Range(0, Count).Select(_ => random.Next(Classes))];
        var logits = new float[Count * Classes];
        for (var i = 0; i < logits.Length; i++)
            logits[i] = (float)random.NextGaussian() + (labels[i / Classes] == i % Classes ? 2 : 0);
        return new Predictions
        {
            Model = "sample",
            Kind = ScoreKind.Logits,
            Scores = new FloatMatrix(logits, Count, Classes),
            Labels = [.. labels],
            ClassNames = ["a", "b", "c", Hostile],
            Slices = ImmutableDictionary<string, CategoryColumn>.Empty.Add("site", CategoryColumn.FromTexts(Enumerable.Range(0, Count).Select(i => $"s{i % 3}"))),
        };
    }

    private static string Whole()
    {
        var predictions = Sample();
        var judgement = Judgement.Of(predictions);
        var points = Enumerable.Range(0, 10).SelectMany(i => new[] { new CurvePoint("train/loss", i, i, 1.0 / (1 + i)), new CurvePoint("validation/loss", i, i, i == 4 ? double.NaN : 2.0 / (1 + i)), new CurvePoint("validation/accuracy", i, i, i / 10.0) });
        return ReportBuilder.Write(Of(
        [
            .. JudgementSections.Of(judgement, predictions.ClassNames), .. CurvesSection.OfTraining([.. points]),
            JudgementSections.BySlice("site", judgement, Judgement.BySlice(predictions, "site")),
            new ComparisonSection("Models", "points", [new(Hostile, new Estimate(1, new Interval(0.5, 1.5))), new("no interval", Estimate.Undefined)]) { Reference = 0 },
            new ClaimsSection("Claims", [new("c", Hostile, "p", 1, 0, 2, "u", Verdict.Held, null, [1])]),
            new TableSection("Table", ["name", "#number"], [[Hostile, "1"]]),
            new TextSection("Text", [Hostile]) { IsList = true },
            new ReproduceSection("assay x") { Recipe = "a: 1", Seeds = [3] },
        ]));
    }

    [Fact]
    public void Nothing_of_the_data_becomes_markup()
    {
        var html = Whole();
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quoted&quot;", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_needs_no_network()
    {
        var html = Whole().Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal); // a name, not an address
        Assert.DoesNotContain("http:", html, StringComparison.Ordinal);
        Assert.DoesNotContain("https:", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("<(link|img|iframe|object|embed)\\b", html);
        Assert.DoesNotContain("@import", html, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Tags_are_balanced_and_ids_are_unique()
    {
        var html = Whole();
        var open = new Stack<string>();
        foreach (Match tag in Tag().Matches(html))
        {
            var name = tag.Groups[2].Value;
            if (tag.Groups[1].Value == "/")
                Assert.Equal(open.Pop(), name);
            else if (tag.Groups[3].Value != "/" && name is not ("meta" or "br"))
                open.Push(name);
        }
        Assert.Empty(open);
        Assert.Distinct(Id().Matches(html).Select(m => m.Groups[1].Value));
        foreach (Match reference in Regex.Matches(html, "(?:url\\(#|href=\"#|aria-labelledby=\")([\\w-]+)"))
            Assert.Contains($"id=\"{reference.Groups[1].Value}\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_follow_the_pages_colours_and_are_described()
    {
        var html = Whole();
        var figures = Regex.Matches(html, "<svg xmlns[^>]*>");
        Assert.True(figures.Count >= 4);
        Assert.All(figures, f => Assert.Matches("role=\"img\" aria-label=\"[^\"]{20,}\"", f.Value));
        Assert.Contains("stroke=\"var(--c1)\"", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("#0102[01][0-9]", html); // no stand-in is left over
        Assert.Contains("prefers-color-scheme:dark", html, StringComparison.Ordinal);
        Assert.Contains("@media print", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_sections_are_left_out()
    {
        var html = ReportBuilder.Write(Of(new ClaimsSection("No claims", []), new TextSection("Something", ["x"])));
        Assert.DoesNotContain("No claims", html, StringComparison.Ordinal);
        Assert.Contains("Something", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_header_says_what_when_and_how_it_went()
    {
        var html = ReportBuilder.Write(Of() with { Tone = ReportTone.Bad, Subtitle = "digits" });
        Assert.Contains("<h1>A title</h1>", html, StringComparison.Ordinal);
        Assert.Contains("digits · <time datetime=\"2026-01-02T03:04:05.0000000&#43;00:00\">2 January 2026, 03:04 UTC</time>".Replace("&#43;", "+", StringComparison.Ordinal), html, StringComparison.Ordinal);
        Assert.Contains("<p class=\"verdict bad\">A verdict.</p>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Slices_put_the_worst_first_and_mark_what_is_surely_worse()
    {
        var html = ContentOf(new SlicesSection("By site", "accuracy", 0.9,
            [new("good", 100, new Estimate(0.95, new Interval(0.9, 0.98))), new("bad", 100, new Estimate(0.5, new Interval(0.4, 0.6))), new("perhaps", 9, new Estimate(0.8, new Interval(0.5, 0.95)))]));
        Assert.True(html.IndexOf(">bad<", StringComparison.Ordinal) < html.IndexOf(">perhaps<", StringComparison.Ordinal));
        Assert.Single(Regex.Matches(html, "worse than overall"));
        Assert.Matches("bad</th>.*worse than overall", html);
    }

    [Fact]
    public void A_matrix_of_many_classes_shows_only_the_most_frequent_confusions()
    {
        var matrix = new ConfusionMatrix(100);
        for (var c = 0; c < 100; c++)
            matrix.Add(c, c, 10);
        matrix.Add(3, 7, 5);
        matrix.Add(8, 9, 2);
        var html = ContentOf(new ConfusionSection("Confusions", matrix, []));
        Assert.DoesNotContain("<table class=\"matrix\">", html, StringComparison.Ordinal);
        Assert.Contains("The most frequent of 7 errors among 100 classes.", html, StringComparison.Ordinal);
        Assert.True(html.IndexOf("<td>3</td><td>7</td>", StringComparison.Ordinal) is > 0 and var first && first < html.IndexOf("<td>8</td><td>9</td>", StringComparison.Ordinal));
    }

    [Fact]
    public void Reliability_says_in_words_which_way_the_model_errs()
    {
        var html = ContentOf(new ReliabilitySection("Calibration", [new(100, 0.9, 0.8, 1), new(100, 0.6, 0.5, 1)]));
        Assert.Contains("On average confidence and accuracy differ by 10 %; the model is overconfident by 10 %.", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.91437, 0.8972, 0.9288, "0.914 [0.897, 0.929]")]
    [InlineData(-1.234, -3.1, 0.9, "−1.2 [−3.1, 0.9]")]
    [InlineData(1234.5, 1200, 1300, "1234 [1200, 1300]")]
    [InlineData(0.5, double.NaN, double.NaN, "0.5000")]
    [InlineData(double.NaN, 0, 1, "– [0.0, 1.0]")]
    [InlineData(12345678, double.NaN, double.NaN, "1.235e7")]
    public void Numbers_carry_no_more_digits_than_their_interval(double value, double low, double high, string expected) =>
        Assert.Equal(expected, ReportNumbers.ValueAndInterval(new Estimate(value, new Interval(low, high))));

    [GeneratedRegex("<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:\\s[^<>]*?)?(/?)>")]
    private static partial Regex Tag();

    [GeneratedRegex("\\sid=\"([^\"]+)\"")]
    private static partial Regex Id();
}
