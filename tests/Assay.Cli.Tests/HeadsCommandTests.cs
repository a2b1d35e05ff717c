using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class HeadsCommandTests
{
    [Fact]
    public async Task Heads_are_compared_and_one_is_advised()
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of("heads iris --grid 6 15 60 105 --repeats 4 --at 20 --html h.html", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Matches("With 20 labelled rows take (naive Bayes|logistic regression)", run.Output);
        Assert.Contains("How fast they learn", File.ReadAllText(folder.File("h.html")), StringComparison.Ordinal);
        var json = JsonDocument.Parse((await CliRun.Of("heads wine --grid 10 60 --repeats 3 --json", folder.Path)).Output).RootElement;
        Assert.Equal(2, json.GetProperty("points").GetArrayLength());
        Assert.InRange(json.GetProperty("points")[1].GetProperty("naiveBayes").GetProperty("value").GetDouble(), 0, .1);
    }

    [Theory]
    [InlineData("heads diabetes", "class labels")]
    [InlineData("heads iris --grid 2", "from 3")]
    [InlineData("heads iris --at 0", "--at")]
    [InlineData("heads missing.csv", "missing.csv")]
    [InlineData("heads iris --test wine", "are not those")]
    public async Task Bad_input_is_one_line(string command, string word)
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(word, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }
}
