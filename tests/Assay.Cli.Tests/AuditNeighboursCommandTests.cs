using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class AuditNeighboursCommandTests
{
    // e6 and e7 are missed by the model; e3 lies next to e7, e2 and e3 next to e6.
    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("p.csv"), "id,label,prediction\ne0,none,none\ne1,none,none\ne2,none,none\ne3,none,none\ne4,none,none\ne5,none,none\ne6,a,none\ne7,b,none\n");
        File.WriteAllText(folder.File("f.csv"), "id,x,y,z\ne0,0,0,1\ne1,1,0,3\ne2,4,4,0\ne3,5,5,0.1\ne4,0,1,5\ne5,4.5,4,0\ne6,4,5,0\ne7,5,4.5,0\n");
        File.WriteAllText(folder.File("d.csv"), "id,text\ne0,a sunny day\ne1,a cold day\ne2,anna works for acme\ne3,a rainy day\ne4,cold rain\ne5,wind\ne6,boris works for acme\ne7,clara wed boris\n");
        File.WriteAllText(folder.File("clean.csv"), "id,label\ne0,none\ne6,a\n");
        return folder;
    }

    [Fact]
    public async Task Both_strategies_find_candidates_and_write_the_treated_set()
    {
        using var folder = Folder();
        var run = await CliRun.Of("audit neighbours p.csv --negative none --features f.csv -k 1 --html h.html --data d.csv --treatment relabel --corrected c.csv", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Contains("intrinsic strategy", run.Output, StringComparison.Ordinal);
        Assert.Matches("false negative +2 +100 %", run.Output);
        Assert.Contains("blockquote", File.ReadAllText(folder.File("h.html")), StringComparison.Ordinal);
        Assert.Equal(9, File.ReadAllLines(folder.File("c.csv")).Length);
        var words = JsonDocument.Parse((await CliRun.Of("audit neighbours p.csv --negative none --data d.csv -k 1 --json", folder.Path)).Output).RootElement;
        Assert.Contains(words.GetProperty("findings").EnumerateArray(), f => f.GetProperty("id").GetString() == "e2" && f.GetProperty("proposed").GetString() == "a" && f.GetProperty("evidence").GetString() == "e6");
        var clean = await CliRun.Of("audit neighbours p.csv --negative none --clean clean.csv --features f.csv", folder.Path);
        Assert.Contains("extrinsic strategy", clean.Output, StringComparison.Ordinal);
        Assert.Contains("'b': it is never proposed", clean.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("audit neighbours p.csv --features f.csv", "--negative")]
    [InlineData("audit neighbours p.csv --negative nome --features f.csv", "none")]
    [InlineData("audit neighbours p.csv --negative none", "--features")]
    [InlineData("audit neighbours p.csv --negative none --features clean.csv", "clean.csv")]
    [InlineData("audit neighbours p.csv --clean d.csv --features f.csv", "'label'")]
    public async Task Bad_input_is_one_line(string command, string word)
    {
        using var folder = Folder();
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(word, Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }
}
