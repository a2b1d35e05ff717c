using System.Text.Json;

namespace Assay.Cli.Tests;

public sealed class DemoCommandTests
{
    [Fact]
    public async Task The_demo_compares_four_ways_of_training_and_writes_its_report()
    {
        using var folder = new Lab.Tests.TemporaryFolder();
        var run = await CliRun.Of("demo --json", folder.Path);
        Assert.Equal(0, run.Exit);
        var json = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(["backprop", "mono-forward", "forward-forward", "cascaded-forward (dfa)"], json.GetProperty("algorithms").EnumerateArray().Select(a => a.GetProperty("algorithm").GetString()!));
        Assert.All(json.GetProperty("algorithms").EnumerateArray(), a => Assert.InRange(a.GetProperty("accuracy").GetDouble(), 0.9, 1));
        Assert.Equal(3, json.GetProperty("verdicts").GetArrayLength());
        var report = File.ReadAllText(json.GetProperty("report").GetString()!);
        Assert.Contains("Is the difference real?", report, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", report.Replace("http://www.w3.org", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
