using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class AuditJudgesCommandTests
{
    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("i.csv"), "id,grounding,generated_text,label\na,It rains.,It is wet.,1\nb,It rains.,It is dry.,1\nc,A cat sat.,A dog sat.,0\nd,A cat sat.,A cat sat.,0\n");
        File.WriteAllText(folder.File("j.csv"), "id,m/1,m/2\nd,0.9,0.95\nc,0.1,\nb,0.2,0.3\na,0.8,0.9\n");
        return folder;
    }

    [Fact]
    public async Task Flags_go_out_blind_and_come_back_as_a_bound_and_a_repaired_set()
    {
        using var folder = Folder();
        var run = await CliRun.Of("audit judges i.csv --judgements j.csv --sheet s.csv --repair flip --threshold 0.9 --corrected c.csv", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Contains("2 of 4 labels are contradicted by 2 judges", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 items were answered by fewer", run.Error, StringComparison.Ordinal);
        Assert.Contains("d,A cat sat.,A cat sat.,1,0", File.ReadAllLines(folder.File("c.csv")));
        var lines = File.ReadAllLines(folder.File("s.csv"));
        // d is wrong (gold 1), b is wrong (gold 0).
        File.WriteAllLines(folder.File("s.csv"), lines.Select((l, i) => i == 0 ? l : l + (l.Split(',')[3] == (l[0] == 'd' ? "1" : "0") ? "a" : "b")));
        var json = JsonDocument.Parse((await CliRun.Of("audit judges i.csv --judgements j.csv --verdicts s.csv --html h.html --json", folder.Path)).Output).RootElement;
        Assert.Equal(["d", "b"], json.GetProperty("flags").EnumerateArray().Select(f => f.GetProperty("id").GetString()!));
        Assert.Equal(0.5, json.GetProperty("review").GetProperty("bound").GetProperty("lowerBound").GetProperty("value").GetDouble());
        Assert.Contains("Precision of flags by confidence", File.ReadAllText(folder.File("h.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("audit judges i.csv", "--judgements")]
    [InlineData("audit judges j.csv --judgements j.csv", "'text'")]
    [InlineData("audit judges i.csv --judgements bad.csv", "between 0 and 1")]
    [InlineData("audit judges i.csv --judgements few.csv", "id 'a' is missing")]
    [InlineData("audit judges i.csv --judgements j.csv --threshold 0.2 --corrected c.csv", "0.2")]
    public async Task Bad_input_is_one_line(string command, string word)
    {
        using var folder = Folder();
        File.WriteAllText(folder.File("bad.csv"), "m\n0.1\n7\n0.2\n0.3\n");
        File.WriteAllText(folder.File("few.csv"), "id,m\nd,0.1\n");
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(word, run.Error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
    }
}
