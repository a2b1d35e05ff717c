using System.Text.Json;
using Assay.Lab;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class StudyCommandTests
{
    private static readonly StudyCatalog Coin = StudyCatalog.Of([new CoinStudy()]);
    private static readonly StudyCatalog Both = StudyCatalog.Of([new CoinStudy(), new FailingStudy()]);

    [Fact]
    public async Task A_full_run_keeps_the_result_and_writes_the_ledger()
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of("study run coin", folder.Path, Coin);
        Assert.Equal(0, run.Exit);
        Assert.True(File.Exists(folder.File("studies/results/91-coin.json")));
        Assert.Contains("| coin |", File.ReadAllText(folder.File("LEDGER.md")), StringComparison.Ordinal);
        Assert.Contains("held          The coin falls on heads more often than not.", run.Output, StringComparison.Ordinal);
        Assert.Contains("contradicted  The coin is fair.", run.Output, StringComparison.Ordinal);
        Assert.Contains("91-coin", run.Error, StringComparison.Ordinal); // progress
    }

    [Fact]
    public async Task A_quick_run_never_replaces_a_full_result()
    {
        using var folder = new TemporaryFolder();
        await CliRun.Of("study run coin", folder.Path, Coin);
        var before = File.ReadAllText(folder.File("studies/results/91-coin.json"));
        Assert.Equal(0, (await CliRun.Of("study run coin --scale quick --seeds 2", folder.Path, Coin)).Exit);
        Assert.Equal(before, File.ReadAllText(folder.File("studies/results/91-coin.json")));
        var quick = JsonDocument.Parse(File.ReadAllText(folder.File("studies/results/quick/91-coin.json"))).RootElement;
        Assert.Equal(("quick", 2), (quick.GetProperty("scale").GetString(), quick.GetProperty("seeds").GetArrayLength()));
    }

    [Fact]
    public async Task A_failing_study_fails_the_run_but_not_the_others()
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of("study run --all --output out", folder.Path, Both);
        Assert.Equal(1, run.Exit);
        Assert.Contains("assay: study failing failed: the loss is not finite\n", run.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("out/91-coin.json")));
        Assert.True(File.Exists(folder.File("out/LEDGER.md")));
        Assert.False(File.Exists(folder.File("out/92-failing.json")));
    }

    [Fact]
    public async Task Check_is_1_until_every_result_is_current()
    {
        using var folder = new TemporaryFolder();
        var missing = await CliRun.Of("study check", folder.Path, Coin);
        Assert.Equal(1, missing.Exit);
        Assert.Equal("91 coin: missing\n1 of 1 studies must run: assay study run --stale\n", missing.Output);
        await CliRun.Of("study run --stale", folder.Path, Coin);
        var current = await CliRun.Of("study check", folder.Path, Coin);
        Assert.Equal((0, "all 1 studies have a current result\n"), (current.Exit, current.Output));
        var path = folder.File("studies/results/91-coin.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace(StudySource.HashOf(typeof(CoinStudy)), new string('a', 64), StringComparison.Ordinal));
        var stale = await CliRun.Of("study check --json", folder.Path, Coin);
        Assert.Equal(1, stale.Exit);
        Assert.Equal("stale", JsonDocument.Parse(stale.Output).RootElement[0].GetProperty("state").GetString());
    }

    [Fact]
    public async Task Json_of_a_run_is_the_results_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of("study run coin --scale quick --json", folder.Path, Coin);
        Assert.Equal("coin", JsonDocument.Parse(run.Output).RootElement[0].GetProperty("study").GetString());
    }

    [Fact]
    public async Task List_and_show_work_with_and_without_results()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("missing", (await CliRun.Of("study list", folder.Path, Coin)).Output, StringComparison.Ordinal);
        Assert.Contains("no result yet: assay study run coin", (await CliRun.Of("study show 91", folder.Path, Coin)).Output, StringComparison.Ordinal);
        await CliRun.Of("study run coin", folder.Path, Coin);
        Assert.Contains("current", (await CliRun.Of("study list", folder.Path, Coin)).Output, StringComparison.Ordinal);
        Assert.Contains("measured  0.6", (await CliRun.Of("study show coin", folder.Path, Coin)).Output.Replace("0.7", "0.6", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("study run", "name one or more studies, or give --all or --stale")]
    [InlineData("study run coin --all", "name one or more studies, or give --all or --stale")]
    [InlineData("study run coin --seeds 0", "--seeds must be at least 1, not 0")]
    [InlineData("study run coin --seeds x", "--seeds takes an integer, not 'x'")]
    [InlineData("study run coin --scale huge", "--scale takes one of quick, full, not 'huge'")]
    [InlineData("study run cion", "there is no study 'cion'; did you mean coin?")]
    [InlineData("study", "Required command was not provided")]
    public async Task Bad_usage_is_one_line(string commandLine, string expected)
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of(commandLine, folder.Path, Coin);
        Assert.Equal(2, run.Exit);
        Assert.StartsWith($"assay: {expected}", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Ctrl_C_is_130()
    {
        using var folder = new TemporaryFolder();
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var run = await CliRun.Of("study run coin", folder.Path, Coin, cancelled.Token);
        Assert.Equal(130, run.Exit);
        Assert.EndsWith("assay: cancelled\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_study_of_the_build_carries_its_source_and_sound_claims()
    {
        using var console = new Spectre.Console.Testing.TestConsole();
        foreach (var study in new CliEnvironment { Output = console, Error = console }.Studies.Studies)
        {
            Assert.Equal(64, StudySource.HashOf(study.GetType()).Length);
            Assert.NotEmpty(study.Claims);
            Assert.Distinct(study.Claims.Select(c => c.Id));
            Assert.InRange(study.Info.Paper, 1, 92);
            Assert.All(study.Claims, c => Assert.Equal(c.Direction == ClaimDirection.Within, c.UpperBound.HasValue));
        }
    }
}
