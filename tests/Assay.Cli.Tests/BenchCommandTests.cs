using System.Globalization;
using System.Text;
using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class BenchCommandTests
{
    // Three models on 60 samples of two metrics; m2 always at least as good as m1, m1 as m0, but for a few samples.
    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        var text = new StringBuilder("model,sample,score,dataset,text\n");
        for (var s = 0; s < 60; s++)
        {
            for (var m = 0; m < 3; m++)
                text.Append(CultureInfo.InvariantCulture, $"m{m},s{s},{(s % 7 == 0 ? 3 - m : m) * (s % 2 == 0 ? 1 : 100)},{(s % 2 == 0 ? "math" : "code")},{(s % 2 == 0 ? "an integral" : "a program")}\n");
        }
        File.WriteAllText(folder.File("r.csv"), text.ToString());
        File.WriteAllText(folder.File("split.csv"), "model,sample,score\na,1,1\nb,1,0\nc,2,1\nd,2,0\n");
        text = new StringBuilder("id,subject,model,params_b,mu,correct_original,correct_rephrased\n");
        for (var i = 0; i < 200; i++)
        {
            foreach (var (model, size, loss) in new[] { ("clean", 1, 0), ("narrow", 7, 30), ("mid", 3, 10) })
            {
                foreach (var mu in new[] { 0.5, 1 })
                    text.Append(CultureInfo.InvariantCulture, $"q{i},{(i % 2 == 0 ? "a" : "b")},{model},{size},{mu},{(i < 150 ? 1 : 0)},{(i >= loss * mu && i < 150 ? 1 : 0)}\n");
            }
        }
        File.WriteAllText(folder.File("w.csv"), text.ToString());
        File.WriteAllText(folder.File("d.csv"), "id,model,subject,answer,p_0,p_1,p_idk\n" + string.Concat(Enumerable.Range(0, 20).Select(i => $"{i},guesser,x,0,{(i % 2 == 0 ? "1,0,0" : "0,1,0")}\n{i},hedger,x,0,{(i % 2 == 0 ? "1,0,0" : "0.1,0.1,0.8")}\n")));
        return folder;
    }

    [Fact]
    public async Task Results_are_ranked_with_intervals_and_by_query()
    {
        using var folder = Folder();
        var run = await CliRun.Of("bench aggregate r.csv --html r.html --missingness", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Matches(@"1 +1 +m2 ", run.Output);
        Assert.Contains("60 samples, 180 scores (100 % of the cells), 180 comparisons", run.Output, StringComparison.Ordinal);
        Assert.Contains("Are the scores identified?", File.ReadAllText(folder.File("r.html")), StringComparison.Ordinal);
        var json = JsonDocument.Parse((await CliRun.Of(["bench", "aggregate", "r.csv", "--query", "integral", "--top", "9", "--where", "dataset eq math", "--json"], folder.Path)).Output).RootElement;
        Assert.Equal((9, 9), (json.GetProperty("hits").GetArrayLength(), json.GetProperty("ranking").GetProperty("sampleCount").GetInt32()));
    }

    [Fact]
    public async Task Rewording_losses_are_tested_and_the_dose_is_shown()
    {
        using var folder = Folder();
        var run = await CliRun.Of("bench perturb-test w.csv --reference clean --html w.html", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Contains("2 of 3 models overfit the wording.", run.Output, StringComparison.Ordinal);
        Assert.Contains("narrow: 15.00 points beyond the reference", run.Output, StringComparison.Ordinal);
        Assert.Contains("Dose and response", File.ReadAllText(folder.File("w.html")), StringComparison.Ordinal);
        var json = JsonDocument.Parse((await CliRun.Of("bench perturb-test w.csv --wording 1 --test continuity --json", folder.Path)).Output).RootElement;
        Assert.Equal([0, 15, 5], json.GetProperty("detector").EnumerateArray().Select(d => d.GetProperty("onlyOriginal").GetInt32()));
        Assert.Equal(2, json.GetProperty("trends").GetArrayLength() + 1); // all have the same accuracy: over the parameters only
    }

    [Fact]
    public async Task Questions_are_reworded_into_a_file_that_is_read_again()
    {
        using var folder = Folder();
        var run = await CliRun.Of("bench perturb sample -p 2 --out p.jsonl", folder.Path);
        Assert.Equal(0, run.Exit);
        var items = Assay.Evaluation.QuestionFile.Load(folder.File("p.jsonl"));
        Assert.Equal(24, items.Length);
        Assert.All(items.SelectMany(i => i.Paraphrases.Select(p => (i.Question, p))), t => Assert.Null(Assay.Evaluation.RephrasingCheck.Fault(t.Question, t.p)));
        Assert.True(items.Sum(i => i.Paraphrases.Length) > 30);
        var first = File.ReadAllText(folder.File("p.jsonl"));
        await CliRun.Of("bench perturb sample -p 2 --out p.jsonl -q", folder.Path);
        Assert.Equal(first, File.ReadAllText(folder.File("p.jsonl")));
    }

    [Fact]
    public async Task Distributions_tell_hedging_from_guessing()
    {
        using var folder = Folder();
        var run = await CliRun.Of("bench dcs d.csv --html d.html", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Matches(@"hedger +20 .*hedges", run.Output);
        Assert.Matches(@"guesser +20 .*guesses", run.Output);
        Assert.Contains("no proper scoring rule", File.ReadAllText(folder.File("d.html")), StringComparison.Ordinal);
        var json = JsonDocument.Parse((await CliRun.Of("bench dcs d.csv --lw 0.5 --json", folder.Path)).Output).RootElement;
        Assert.Equal(1.0 / 3, json.GetProperty("threshold").GetDouble(), 1e-9);
    }

    [Theory]
    [InlineData("bench aggregate split.csv", "group 1: ")]
    [InlineData("bench aggregate split.csv", "--alpha 0.01")]
    [InlineData("bench aggregate none.csv", "none.csv")]
    [InlineData("bench aggregate d.csv", "no score")]
    [InlineData("bench aggregate r.csv -a elos", "elo")]
    [InlineData("bench aggregate r.csv --query zebra", "zebra")]
    [InlineData("bench aggregate r.csv --where dataset", "'dataset' is no condition")]
    [InlineData("bench aggregate r.csv --alpha -1", "α")]
    [InlineData("bench perturb-test r.csv", "correct_original")]
    [InlineData("bench perturb-test w.csv --wording 3", "--wording must be between 1 and 2")]
    [InlineData("bench perturb-test w.csv --reference claen", "clean")]
    [InlineData("bench perturb r.jsonl --out x.jsonl", "r.jsonl")]
    [InlineData("bench perturb sample --mu 2 --out x.jsonl", "--mu")]
    [InlineData("bench dcs r.csv", "p_0")]
    [InlineData("bench dcs d.csv --lw 2", "punitive")]
    public async Task Bad_input_is_one_line(string command, string word)
    {
        using var folder = Folder();
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(word, run.Error.Replace('\n', ' '), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }
}
