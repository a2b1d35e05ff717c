using System.Globalization;
using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class RobustnessCommandTests
{
    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        string Rows(int from, int to) => "id,text,label\n" + string.Concat(Enumerable.Range(from, to - from).Select(i => $"r{i},{(i % 2 == 0 ? "a good film" : "an awful film")} {(i % 5 == 0 ? "not" : "really")} seen {i},{(i % 2 == 0 ? "yes" : "no")}\n"));
        File.WriteAllText(folder.File("test.csv"), Rows(0, 100));
        File.WriteAllText(folder.File("train.csv"), Rows(100, 400));
        File.WriteAllText(folder.File("r.yaml"), "slices:\n  - phrase-slice(not)\n  - length-slices\ntransformations:\n  - surface-change(upper-case)\n  - \"eda(copies: 2)\"\n");
        // Wrong wherever "not" stands.
        File.WriteAllText(folder.File("p.csv"), "id,prediction\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"r{i},{((i % 2 == 0) ^ (i % 5 == 0) ? "yes" : "no")}\n")));
        return folder;
    }

    [Fact]
    public async Task Slices_of_a_recipe_are_judged_by_predictions_or_by_a_trained_model()
    {
        using var folder = Folder();
        var run = await CliRun.Of("robustness test.csv --recipe r.yaml --predictions p.csv", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Matches(@"phrase not +20 .*weak", run.Output);
        Assert.Contains("--export", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await CliRun.Of("robustness test.csv --recipe r.yaml --export t.csv --save b.json -q", folder.Path)).Exit);
        Assert.Equal(401, File.ReadAllLines(folder.File("t.csv")).Length);
        var json = JsonDocument.Parse((await CliRun.Of("robustness test.csv --bench b.json --train train.csv --html h.html --json", folder.Path)).Output).RootElement;
        Assert.Equal(1.0, json.GetProperty("rows").EnumerateArray().Last().GetProperty("accuracy").GetProperty("value").GetDouble());
        Assert.Contains("Transformations", File.ReadAllText(folder.File("h.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("robustness test.csv", "--predictions")]
    [InlineData("robustness test.csv --label kind --train train.csv", "'kind'")]
    [InlineData("robustness test.csv --recipe bad.yaml --train train.csv", "bad.yaml(2)")]
    [InlineData("robustness test.csv --recipe keys.yaml --train train.csv", "'slicess'")]
    [InlineData("robustness test.csv --recipe r.yaml --predictions few.csv", "id 'r")]
    public async Task Bad_input_is_one_line(string command, string word)
    {
        using var folder = Folder();
        File.WriteAllText(folder.File("bad.yaml"), "slices:\n  - phrase-slise(not)\n");
        File.WriteAllText(folder.File("keys.yaml"), "slicess:\n  - digit-slice\n");
        File.WriteAllText(folder.File("few.csv"), "id,prediction\nr0,yes\nr1,no\n");
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(word, run.Error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_nested_benchmark_prints_scores_and_writes_predictions()
    {
        using var folder = Folder();
        File.WriteAllText(folder.File("d.csv"), "a,b,price\n" + string.Concat(Enumerable.Range(0, 60).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i % 13},{i * 7 % 17},{2.5 * (i % 13) + i * 7 % 17 + 0.25}\n"))));
        var run = await CliRun.Of("bench nested d.csv --target price --folds 3 --bootstraps 1 --predictions p.csv --html h.html", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Matches("modnet +[0-9.]+", run.Output);
        Assert.Equal(61, File.ReadAllLines(folder.File("p.csv")).Length);
        Assert.Contains("Confidence curves", File.ReadAllText(folder.File("h.html")), StringComparison.Ordinal);
        var bad = await CliRun.Of("bench nested iris", folder.Path);
        Assert.Equal(2, bad.Exit);
        Assert.Contains("--target", bad.Error, StringComparison.Ordinal);
    }
}
