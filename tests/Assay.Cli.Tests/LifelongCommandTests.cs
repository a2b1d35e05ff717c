using System.Globalization;
using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class LifelongCommandTests
{
    // EB0 A10 B10, LB1 A, EB1 A60 B20, LB2 B, EB2 A50 B70: maintenance of A is −10.
    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        void Block(string run, int block, string type, params (string Task, double[] Values)[] parts)
        {
            var at = Path.Combine(folder.Path, run, "0", $"{block}-{type}");
            Directory.CreateDirectory(at);
            var number = 100 * block;
            File.WriteAllText(Path.Combine(at, "data-log.tsv"), "block_num\texp_num\tworker_id\tblock_type\ttask_name\texp_status\treward\n" + string.Concat(parts.SelectMany(p =>
                p.Values.Select(v => string.Create(CultureInfo.InvariantCulture, $"{block}\t{number++}\t0\t{type}\t{p.Task}\tcomplete\t{v}\n")))));
            File.WriteAllText(Path.Combine(folder.Path, run, "logger_info.json"), "{\"metrics_columns\": [\"reward\"]}");
        }
        foreach (var (run, kept) in new[] { ("runs/one", 50.0), ("runs/two", 58) })
        {
            Block(run, 0, "test", ("A", [10]), ("B", [10]));
            Block(run, 1, "train", ("A", [20, 55]));
            Block(run, 2, "test", ("A", [60]), ("B", [20]));
            Block(run, 3, "train", ("B", [30, 65]));
            Block(run, 4, "test", ("A", [kept]), ("B", [70]));
        }
        Block("ste/a", 0, "train", ("A", [20, 55]));
        return folder;
    }

    [Fact]
    public async Task One_run_and_several_are_judged_with_table_json_page_and_regimes()
    {
        using var folder = Folder();
        var one = await CliRun.Of("lifelong runs/one --ste ste/a --normalization none --regimes r.tsv", folder.Path);
        Assert.Equal(0, one.Exit);
        Assert.Matches(@"performance maintenance +−10(\.0+)? +forgets", one.Output);
        Assert.Contains("B: no relative performance and sample efficiency: no single-task expert was given", one.Output, StringComparison.Ordinal);
        Assert.Equal(9, File.ReadAllLines(folder.File("r.tsv")).Length);
        var json = JsonDocument.Parse((await CliRun.Of("lifelong runs --normalization none --json --html p.html", folder.Path)).Output).RootElement;
        Assert.Equal(2, json.GetProperty("runs").GetArrayLength());
        var maintenance = json.GetProperty("statistics").EnumerateArray().Single(s => s.GetProperty("metric").GetString() == "performance-maintenance");
        Assert.Equal(-6, maintenance.GetProperty("estimate").GetProperty("value").GetDouble(), 9);
        Assert.Contains("Forward transfer", File.ReadAllText(folder.File("p.html")), StringComparison.Ordinal);
        Assert.Contains("2 runs", (await CliRun.Of("lifelong runs", folder.Path)).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lifelong nowhere", "nowhere")]
    [InlineData("lifelong .", "data-log.tsv")]
    [InlineData("lifelong runs/one --measure score", "'score'")]
    [InlineData("lifelong runs/one --ste runs/two", "2 tasks")]
    [InlineData("lifelong runs/one --smoothing wide", "--smoothing takes one of")]
    public async Task Bad_input_is_one_line(string command, string word)
    {
        using var folder = Folder();
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(word, Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }
}
