using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class AggregateCommandTests
{
    [Fact]
    public async Task Averages_are_released_learnt_from_and_judged()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, (await CliRun.Of("aggregate release diabetes -k 3 --seed 1 -o r", folder.Path)).Exit);
        Assert.Equal(442 / 3 + 1, File.ReadAllLines(folder.File("r/bags.csv")).Length); // a heading, and the row left over joined the last bag
        var fit = JsonDocument.Parse((await CliRun.Of("aggregate fit r/rows.csv r/bags.csv --json -o p.csv", folder.Path)).Output).RootElement;
        Assert.Equal(8, fit.GetProperty("curve").GetArrayLength());
        Assert.Equal(443, File.ReadAllLines(folder.File("p.csv")).Length);
        // Judged on the rows themselves, whose responses the curator knows.
        var rows = File.ReadAllLines(folder.File("r/rows.csv"));
        var targets = Assay.Data.DatasetCatalog.Load("diabetes").Targets;
        File.WriteAllLines(folder.File("test.csv"), rows.Select((line, i) => i == 0 ? $"{line},target" : $"{line},{targets[i - 1]}"));
        var judged = JsonDocument.Parse((await CliRun.Of("aggregate fit r/rows.csv r/bags.csv --rho 0.05 --test test.csv --json", folder.Path)).Output).RootElement;
        Assert.InRange(judged.GetProperty("testRmse").GetDouble(), 50, .85 * judged.GetProperty("constantRmse").GetDouble());
        var net = await CliRun.Of(["aggregate", "fit", "r/rows.csv", "r/bags.csv", "--model", "mlp(8)", "--epochs", "15", "--test", "test.csv"], folder.Path);
        Assert.Contains("a constant reaches", net.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Privacy_is_booked_and_its_total_kept()
    {
        using var folder = new TemporaryFolder();
        var first = await CliRun.Of("aggregate release diabetes -k 10 --epsilon 0.6 --budget 1 --range 25 346 -o r", folder.Path);
        Assert.Equal(0, first.Exit);
        Assert.Contains("0.6000 of 1.000 spent", first.Output, StringComparison.Ordinal);
        var before = File.ReadAllText(folder.File("r/bags.csv"));
        var second = await CliRun.Of("aggregate release diabetes -k 10 --epsilon 0.6 --range 25 346 -o r", folder.Path);
        Assert.Equal(2, second.Exit);
        Assert.Contains("would pass the total", second.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(folder.File("r/bags.csv")));
        Assert.Equal(0, (await CliRun.Of("aggregate release diabetes -k 10 --epsilon 0.4 --range 25 346 -o r", folder.Path)).Exit);
        Assert.NotEqual(before, File.ReadAllText(folder.File("r/bags.csv")));
    }

    [Fact]
    public async Task A_plan_names_the_best_bags()
    {
        using var folder = new TemporaryFolder();
        var plan = JsonDocument.Parse((await CliRun.Of("aggregate plan --rows 2000 --features 10 --epsilon 0.25 --bound 3 --bag-sizes 1 2 5 10 --json --html p.html", folder.Path)).Output).RootElement;
        Assert.Equal(10, plan.GetProperty("best").GetInt32());
        Assert.Contains("Bags of 10", File.ReadAllText(folder.File("p.html")), StringComparison.Ordinal);
        Assert.Contains("least risk", (await CliRun.Of("aggregate plan --rows 150 --features 20 --bag-sizes 5", folder.Path)).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("aggregate release iris -o r", "no real-valued target")]
    [InlineData("aggregate release diabetes --epsilon 1 -o r", "--range")]
    [InlineData("aggregate release diabetes --epsilon -1 --range 0 1 -o r", "positive")]
    [InlineData("aggregate release diabetes -k 1000 -o r", "442 rows")]
    [InlineData("aggregate fit missing.csv bags.csv", "missing.csv")]
    [InlineData("aggregate plan --rows 10 --features 2 --bag-sizes 20", "no bag size")]
    public async Task Bad_input_is_one_line(string command, string word)
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(word, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }
}
