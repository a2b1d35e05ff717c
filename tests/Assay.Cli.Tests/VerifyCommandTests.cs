using System.Globalization;
using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class VerifyCommandTests
{
    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("e.csv"), "name,person,x,y\n" + string.Concat(Enumerable.Range(0, 24).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $"p{i},{"abc"[i % 3]},{Math.Cos(i % 3 * 2 + .01 * i)},{Math.Sin(i % 3 * 2 + .01 * i)}\n"))));
        File.WriteAllText(folder.File("pairs.csv"), "a,b,same\np0,p3,1\np1,p4,1\np0,p1,0\np2,p3,0\n");
        File.WriteAllText(folder.File("scores.csv"), "score,same\n.9,1\n.8,1\n.3,1\n.7,0\n.2,0\n.1,0\n0,0\n");
        return folder;
    }

    [Fact]
    public async Task Embeddings_pairs_and_scores_are_judged()
    {
        using var folder = Folder();
        var all = JsonDocument.Parse((await CliRun.Of("verify e.csv --label person --id name --far 0.01 0.1 --json --html v.html", folder.Path)).Output).RootElement;
        Assert.Equal(3 * 28, all.GetProperty("positives").GetInt32());
        Assert.Equal(1, all.GetProperty("points")[0].GetProperty("trueAcceptRate").GetProperty("value").GetDouble());
        Assert.Equal(1, all.GetProperty("rankOne").GetProperty("value").GetDouble());
        Assert.Contains("equal error rate", File.ReadAllText(folder.File("v.html")), StringComparison.Ordinal);
        var pairs = JsonDocument.Parse((await CliRun.Of("verify e.csv --label person --id name --pairs pairs.csv --json", folder.Path)).Output).RootElement;
        Assert.Equal(2, pairs.GetProperty("negatives").GetInt32());
        var scores = await CliRun.Of("verify scores.csv --far 0.25", folder.Path);
        Assert.Equal(0, scores.Exit);
        Assert.Matches(@"best accuracy \(threshold 0\.8\d*\) +0\.8571", scores.Output);
    }

    [Theory]
    [InlineData("verify e.csv --id name", "identities")]
    [InlineData("verify e.csv --label person --id name --far 2", "false-accept rates")]
    [InlineData("verify missing.csv", "missing.csv")]
    [InlineData("verify e.csv --label person --pairs pairs.csv", "'p0'")]
    public async Task Bad_input_is_one_line(string command, string word)
    {
        using var folder = Folder();
        File.WriteAllText(folder.File("e2.csv"), "x,z\n1,2\n");
        var run = await CliRun.Of(command.Replace("e.csv --id name", "e2.csv", StringComparison.Ordinal), folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(word, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Losses_over_embeddings_are_compared_by_name()
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["losses", "compare", "iris", "--losses", "cross-entropy,unpg(head: cosface(0.2, 10, 8)),paired(triplet, head: arcface(0.2, 10, 8))", "--epochs", "15", "--seeds", "2", "--rates", "1e-2", "--json"];
        var run = await CliRun.Of(arguments, folder.Path);
        Assert.Equal("", run.Error.Contains("error", StringComparison.Ordinal) ? run.Error : "");
        Assert.All(JsonDocument.Parse(run.Output).RootElement.GetProperty("ranking").EnumerateArray(), r => Assert.True(r.GetProperty("mean").GetDouble() > .7));
    }
}
