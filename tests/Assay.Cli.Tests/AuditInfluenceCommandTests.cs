using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class AuditInfluenceCommandTests
{
    [Fact]
    public async Task Every_example_is_scored_and_parts_are_trained_on_again()
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of("audit influence iris --scores el2n,vog,pvi --model mlp(8) --epochs 8 --runs 1 --prune 0.5 --seeds 2 -o scores.csv --html page.html --json", folder.Path);
        Assert.True(run.Exit == 0, run.Error);
        var result = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(120, result.GetProperty("count").GetInt32());
        Assert.Equal(["vog", "el2n", "pvi"], result.GetProperty("scores").EnumerateArray().Select(s => s.GetProperty("score").GetString()));
        // Random, and hard and easy of three scores.
        Assert.Equal(7, result.GetProperty("pruning").GetArrayLength());
        Assert.InRange(result.GetProperty("full").GetDouble(), 0.3, 1);
        var lines = File.ReadAllLines(Path.Combine(folder.Path, "scores.csv"));
        Assert.Equal("id,label,vog,el2n,pvi,vog_normalized", lines[0]);
        Assert.Equal(121, lines.Length);
        Assert.Contains("Training on a part of the data", File.ReadAllText(Path.Combine(folder.Path, "page.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("audit influence iris --scores el3n", "--scores takes one of")]
    [InlineData("audit influence iris --prune 1.5", "--prune takes shares between 0 and 1")]
    [InlineData("audit influence diabetes --scores margin", "need classes")]
    [InlineData("audit influence iris --runs 0", "--runs must be at least 1")]
    public async Task Wrong_wishes_are_refused_in_one_line(string arguments, string expected)
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of(arguments, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Real_values_are_scored_without_what_needs_classes()
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of("audit influence diabetes --model mlp(8) --epochs 4 --runs 1 --json", folder.Path);
        Assert.True(run.Exit == 0, run.Error);
        Assert.Equal(["vog", "el2n", "grand", "trac-in", "loss", "random"], JsonDocument.Parse(run.Output).RootElement.GetProperty("scores").EnumerateArray().Select(s => s.GetProperty("score").GetString()));
    }
}
