using System.Globalization;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class ScaleCommandTests
{
    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("widths.csv"), "width,loss\n" + string.Concat(new[] { 8, 16, 32, 64, 128, 256 }.Select(w => Line($"{w},{5 * Math.Pow(w, -0.4) + 1.2}"))));
        var sizes = from n in new[] { 1e6, 4e6, 16e6 } from m in new[] { 5.0, 20, 80 } select (n, d: n * m);
        File.WriteAllText(folder.File("grid.csv"), "n,d,loss\n" + string.Concat(sizes.Select(s => Line($"{s.n},{s.d},{166 * Math.Pow(s.n, -0.273) + 287 * Math.Pow(s.d, -0.273) + 1.8}"))));
        File.WriteAllText(folder.File("errors.csv"), "loss,error\n" + string.Concat(new[] { 2.2, 2.7, 3.2, 3.9, 4.6, 5.4 }.Select(l => Line($"{l},{0.857 - 2.2065 * Math.Exp(-0.7146 * l)}"))));
        File.WriteAllText(folder.File("one.csv"), "n,d,loss\n1e6,1e7,4\n1e6,2e7,3.8\n1e6,4e7,3.7\n1e6,8e7,3.6\n1e6,2e8,3.5\n");
        return folder;

        static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture) + "\n";
    }

    [Fact]
    public async Task A_law_is_fitted_saved_and_predicts_beyond_its_runs()
    {
        using var folder = Folder();
        var fit = await CliRun.Of("scale fit widths.csv --law power --x width --y loss -o law.json", folder.Path);
        Assert.Equal(0, fit.Exit);
        Assert.Matches("α +0\\.40000000", fit.Output);
        var predicted = await CliRun.Of("scale predict law.json --at width=1024", folder.Path);
        Assert.Equal(0, predicted.Exit);
        Assert.Contains("1.51250000", predicted.Output, StringComparison.Ordinal); // 5·1024^−0.4 + 1.2
        Assert.Equal(0, (await CliRun.Of("scale plot law.json --at width=1024 --html law.html", folder.Path)).Exit);
        var html = File.ReadAllText(folder.File("law.html"));
        Assert.Contains("1.512", html, StringComparison.Ordinal);
        Assert.Contains("assay scale plot law.json --at width=1024 --html law.html", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scale fit grid.csv --law over-training", "E +1\\.800")]
    [InlineData("scale fit grid.csv --law over-training --hold-out", "E +1\\.800")]
    [InlineData("scale fit errors.csv --law error", "ε +0\\.8570")]
    public async Task Every_law_names_its_constants(string command, string pattern)
    {
        using var folder = Folder();
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Matches(pattern, run.Output);
    }

    [Fact]
    public async Task Compute_and_targets_become_plans()
    {
        using var folder = Folder();
        Assert.Equal(0, (await CliRun.Of("scale fit grid.csv --law over-training -o law.json --quiet", folder.Path)).Exit);
        var run = await CliRun.Of("scale predict law.json --compute 1e18", folder.Path);
        Assert.Equal(0, run.Exit);
        // C = 6 n d at d/n = (287/166)^(1/0.273).
        var n = Math.Sqrt(1e18 / 6 / Math.Pow(287 / 166.0, 1 / 0.273));
        Assert.Contains((n / 1e8).ToString("0.000", CultureInfo.InvariantCulture) + "e8", run.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await CliRun.Of("scale predict law.json --target 1.5", folder.Path)).Exit); // below E
    }

    [Theory]
    [InlineData("scale fit widths.csv --law over-training", "no column of numbers 'n'")]
    [InlineData("scale fit widths.csv --law power --x width --y los", "'los'")]
    [InlineData("scale fit widths.csv --law powr --x width --y loss", "power")]
    [InlineData("scale fit one.csv --law over-training", "one model size")]
    [InlineData("scale fit missing.csv --law power --x a --y b", "missing.csv")]
    [InlineData("scale predict widths.csv --at width=3", "widths.csv")]
    public async Task Bad_input_says_what_is_missing(string command, string named)
    {
        using var folder = Folder();
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(named, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
    }
}
