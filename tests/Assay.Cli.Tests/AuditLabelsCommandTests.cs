using System.Globalization;
using System.Text;
using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class AuditLabelsCommandTests
{
    // 40 rows of two classes; the labels of rows 3 and 8 are wrong. The second model agrees with the wrong labels and errs elsewhere.
    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        string Rows(Func<int, double> second)
        {
            var text = new StringBuilder("id,label,p_no,p_yes\n");
            for (var i = 0; i < 40; i++)
            {
                var (truth, p) = (i % 2, second(i));
                text.Append(CultureInfo.InvariantCulture, $"e{i},{((truth == 1) ^ (i is 3 or 8) ? "yes" : "no")},{1 - p:0.00},{p:0.00}\n");
            }
            return text.ToString();
        }
        File.WriteAllText(folder.File("a.csv"), Rows(i => i % 2 == 1 ? i == 5 ? 0.2 : 0.9 : 0.1 + 0.001 * i));
        File.WriteAllText(folder.File("b.csv"), Rows(i => i is 3 ? 0.2 : i is 8 ? 0.9 : i % 2 == 1 ? 0.9 : 0.1));
        File.WriteAllText(folder.File("d.csv"), $"id,text\n{string.Concat(Enumerable.Range(0, 40).Select(i => $"e{i},review number {i}\n"))}");
        return folder;
    }

    [Fact]
    public async Task Wrong_labels_are_ranked_and_the_report_shows_the_texts()
    {
        using var folder = Folder();
        var run = await CliRun.Of("audit labels a.csv --html l.html --data d.csv --rank self-confidence --filter confident-learning", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Contains("2 of 40 labels are suspicious", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"e3 +no +yes +0\.1 +0\.1 +0\.9", run.Output);
        var page = File.ReadAllText(folder.File("l.html"));
        Assert.Contains("<blockquote>review number 3</blockquote>", page, StringComparison.Ordinal);
        var json = JsonDocument.Parse((await CliRun.Of("audit labels a.csv --json --filter predicted-neq-given", folder.Path)).Output).RootElement;
        Assert.Equal(["e3", "e5", "e8"], json.GetProperty("suspicious").EnumerateArray().Select(s => s.GetProperty("id").GetString()!).Order());
    }

    [Fact]
    public async Task A_review_goes_out_as_a_sheet_and_comes_back_as_a_corrected_set()
    {
        using var folder = Folder();
        Assert.Equal(0, (await CliRun.Of("audit labels a.csv --sheet s.csv --data d.csv --filter predicted-neq-given -q", folder.Path)).Exit);
        var lines = File.ReadAllLines(folder.File("s.csv"));
        Assert.Equal("id,given,guessed,score,text,verdict", lines[0]);
        File.WriteAllLines(folder.File("s.csv"), lines.Select(l => l.StartsWith("e3,", StringComparison.Ordinal) || l.StartsWith("e8,", StringComparison.Ordinal) ? l + "guessed given guessed" : l.StartsWith("e5,", StringComparison.Ordinal) ? l + "neither" : l));
        var run = await CliRun.Of("audit labels a.csv b.csv --verdicts s.csv --corrected c.csv --json", folder.Path);
        var review = JsonDocument.Parse(run.Output).RootElement.GetProperty("review");
        Assert.Equal((2, 1, 39), (review.GetProperty("corrected").GetInt32(), review.GetProperty("dropped").GetInt32(), review.GetProperty("remaining").GetInt32()));
        Assert.Equal(["2 correctable", "1 neither"], review.GetProperty("verdicts").EnumerateObject().Select(v => $"{v.Value} {v.Name}"));
        var models = review.GetProperty("models").EnumerateArray().Select(m => (m.GetProperty("originalAccuracy").GetDouble(), m.GetProperty("correctedAccuracy").GetDouble())).ToArray();
        Assert.Equal([(37.0 / 39, 1.0), (1.0, 37.0 / 39)], models); // the noisy labels prefer b, the corrected ones a
        var kept = File.ReadAllLines(folder.File("c.csv"));
        Assert.Equal(("id,label,original", 40), (kept[0], kept.Length));
        Assert.Contains("e3,yes,no", kept);
        Assert.DoesNotContain(kept, l => l.StartsWith("e5,", StringComparison.Ordinal));
        Assert.Contains("never flips", (await CliRun.Of("audit labels a.csv b.csv --verdicts s.csv --html r.html", folder.Path)).Output, StringComparison.Ordinal);
        Assert.Contains("Accuracy by prevalence", File.ReadAllText(folder.File("r.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("audit labels a.csv --filter prune-by-clas", "prune-by-class")]
    [InlineData("audit labels a.csv --rank best", "self-confidence")]
    [InlineData("audit labels a.csv --corrected c.csv", "--verdicts")]
    [InlineData("audit labels none.csv", "none.csv")]
    [InlineData("audit labels d.csv", "d.csv")]
    [InlineData("audit labels a.csv --data iris", "150 examples")]
    [InlineData("audit labels a.csv --fraction 2", "2")]
    [InlineData("audit labels a.csv --verdicts bad.csv", "'maybe' is no verdict")]
    [InlineData("audit labels a.csv --verdicts stranger.csv", "'x9'")]
    [InlineData("audit labels a.csv --html a.csv/x.html", "a.csv")]
    public async Task Bad_input_is_one_line(string command, string word)
    {
        using var folder = Folder();
        File.WriteAllText(folder.File("bad.csv"), "id,given,guessed,verdict\ne3,no,yes,maybe\n");
        File.WriteAllText(folder.File("stranger.csv"), "id,given,guessed,verdict\nx9,no,yes,given\n");
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(word, Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }
}
