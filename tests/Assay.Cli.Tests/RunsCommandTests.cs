using System.Text.Json;
using Assay.Lab;
using Assay.Lab.Tests;
using Assay.Training;

namespace Assay.Cli.Tests;

public sealed class RunsCommandTests
{
    private static void Fill(TemporaryFolder folder)
    {
        var store = new RunStore(folder.File("runs"));
        using (var writer = store.Create(new RunRequest("digits", "assay train digits.yaml") { Seed = 1 }))
        {
            writer.Append(new CurvePoint("train/loss", 1, 1, 0.5));
            writer.SetMetrics([new("accuracy", 0.9)]);
            writer.Finish();
        }
        store.Create(new RunRequest("killed", "assay train killed.yaml")).Dispose();
    }

    [Fact]
    public async Task List_shows_status_and_key_figures()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal("no runs\n", (await CliRun.Of("runs list", folder.Path)).Output);
        Fill(folder);
        var run = await CliRun.Of("runs list", folder.Path);
        Assert.Matches(@"-digits +finished +.*accuracy 0\.9", run.Output);
        Assert.Matches(@"-killed +unfinished", run.Output);
        Assert.Equal(1, JsonDocument.Parse((await CliRun.Of("runs list --status unfinished --json", folder.Path)).Output).RootElement.GetArrayLength());
    }

    [Fact]
    public async Task Show_prints_the_card()
    {
        using var folder = new TemporaryFolder();
        Fill(folder);
        var run = await CliRun.Of("runs show digits", folder.Path);
        Assert.Matches(@"command +assay train digits\.yaml", run.Output);
        Assert.Matches(@"train/loss +1 +0\.5", run.Output);
        Assert.Matches(@"run\.json +\d+ B", run.Output);
        Assert.Equal(2, (await CliRun.Of("runs show nothing", folder.Path)).Exit);
    }

    [Fact]
    public async Task Query_prints_a_table_or_rows_of_json()
    {
        using var folder = new TemporaryFolder();
        Fill(folder);
        string[] query = ["runs", "query", "select name, seed from runs where status = 'finished'"];
        Assert.Matches(@"digits +1\s", (await CliRun.Of(query, folder.Path)).Output);
        var json = JsonDocument.Parse((await CliRun.Of([.. query, "--json"], folder.Path)).Output).RootElement;
        Assert.Equal(("digits", 1), (json[0].GetProperty("name").GetString(), json[0].GetProperty("seed").GetInt32()));
        var wrong = await CliRun.Of(["runs", "query", "select"], folder.Path);
        Assert.Equal(2, wrong.Exit);
        Assert.Single(wrong.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Clean_removes_only_what_it_is_told()
    {
        using var folder = new TemporaryFolder();
        Fill(folder);
        Assert.Equal(2, (await CliRun.Of("runs clean", folder.Path)).Exit);
        Assert.Equal(2, (await CliRun.Of("runs clean --older-than soon", folder.Path)).Exit);
        Assert.Contains("would remove 1 runs", (await CliRun.Of("runs clean --unfinished --dry-run", folder.Path)).Output, StringComparison.Ordinal);
        Assert.Contains("removed 0 runs", (await CliRun.Of("runs clean --unfinished --older-than 1h", folder.Path)).Output, StringComparison.Ordinal);
        Assert.Contains("removed 1 runs", (await CliRun.Of("runs clean --unfinished", folder.Path)).Output, StringComparison.Ordinal);
        Assert.Single(new RunStore(folder.File("runs")).List());
        Assert.Contains("removed 1 runs", (await CliRun.Of("runs clean --older-than 0m", folder.Path)).Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(folder.File("runs")));
    }
}
