using System.Diagnostics;
using System.Text.Json;
using Assay.Data;
using Assay.Lab;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class JudgeCommandTests
{
    // Ten examples: a is right on 7, b on 9 of them.
    private const string A = "id,label,p_cat,p_dog,city\n0,cat,.9,.1,Ulm\n1,cat,.8,.2,Ulm\n2,cat,.7,.3,Ulm\n3,cat,.6,.4,Ulm\n4,cat,.4,.6,Bonn\n5,dog,.1,.9,Bonn\n6,dog,.2,.8,Bonn\n7,dog,.3,.7,Bonn\n8,dog,.6,.4,Ulm\n9,dog,.7,.3,Ulm\n";
    private const string B = "id,label,p_cat,p_dog\n9,dog,.1,.9\n8,dog,.2,.8\n7,dog,.1,.9\n6,dog,.2,.8\n5,dog,.6,.4\n4,cat,.9,.1\n3,cat,.8,.2\n2,cat,.9,.1\n1,cat,.8,.2\n0,cat,.7,.3\n";

    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.csv"), A);
        File.WriteAllText(folder.File("b.csv"), B);
        return folder;
    }

    [Fact]
    public async Task A_judgement_prints_metrics_with_intervals_classes_and_slices()
    {
        using var folder = Folder();
        var run = await CliRun.Of("judge a.csv --by city", folder.Path);
        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.StartsWith("a  10 examples, 2 classes, probabilities\n", run.Output, StringComparison.Ordinal);
        // Wilson for 7 of 10: [.397, .892].
        Assert.Matches(@"\n  accuracy +0\.70 +\[0\.40, 0\.89\]", run.Output);
        Assert.Matches(@"\n  dog +5 +", run.Output);
        Assert.Matches(@"\n  Ulm +6 +0\.67 ", run.Output);
        Assert.Matches(@"\n  Bonn +4 +0\.75 ", run.Output);
    }

    [Fact]
    public async Task Json_holds_every_metric_the_matrix_and_the_slices()
    {
        using var folder = Folder();
        var json = JsonDocument.Parse((await CliRun.Of("judge a.csv --by city --json", folder.Path)).Output).RootElement;
        Assert.Equal(0.7, json.GetProperty("metrics")[0].GetProperty("value").GetDouble(), 1e-12);
        Assert.Equal("accuracy", json.GetProperty("metrics")[0].GetProperty("name").GetString());
        Assert.Equal(2, json.GetProperty("confusion")[1][0].GetInt32());
        Assert.Equal("Ulm", json.GetProperty("slices")[0].GetProperty("values")[0].GetProperty("value").GetString());
        Assert.Equal(2, JsonDocument.Parse((await CliRun.Of("judge a.csv b.csv --json", folder.Path)).Output).RootElement.GetArrayLength());
    }

    [Fact]
    public async Task Metrics_can_be_chosen_with_their_parameters()
    {
        using var folder = Folder();
        var json = JsonDocument.Parse((await CliRun.Of(["judge", "a.csv", "-m", "ece(bins: 10)", "-m", "mcc", "--json"], folder.Path)).Output).RootElement;
        Assert.Equal(["ece-10", "mcc"], json.GetProperty("metrics").EnumerateArray().Select(m => m.GetProperty("name").GetString()));
        var unknown = await CliRun.Of("judge a.csv -m acuracy", folder.Path);
        Assert.Equal(2, unknown.Exit);
        Assert.Contains("did you mean accuracy", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_is_written_where_asked_for()
    {
        using var folder = Folder();
        var run = await CliRun.Of("judge a.csv --by city --html out/a.html", folder.Path);
        Assert.Equal(0, run.Exit);
        var html = File.ReadAllText(folder.File("out/a.html"));
        Assert.Contains("balanced accuracy", html, StringComparison.Ordinal);
        Assert.Contains("Ulm", html, StringComparison.Ordinal);
        Assert.Contains("assay judge a.csv --by city --html out/a.html", html, StringComparison.Ordinal);
        Assert.Equal(0, (await CliRun.Of("judge a.csv b.csv --html both.html", folder.Path)).Exit);
        Assert.Contains("b: Confusions", File.ReadAllText(folder.File("both.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_of_a_comparison_shows_verdicts_differences_and_tests()
    {
        using var folder = Folder();
        Assert.Equal(0, (await CliRun.Of("compare a.csv b.csv --html c.html", folder.Path)).Exit);
        var html = File.ReadAllText(folder.File("c.html"));
        Assert.Contains("Cannot tell b from a: b is ahead by 20.0 points", html, StringComparison.Ordinal);
        Assert.Contains("Difference in ROC-AUC", html, StringComparison.Ordinal);
        Assert.Contains("<td>McNemar (exact)</td><td class=\"n\">0.6250</td>", html, StringComparison.Ordinal);
        Assert.Contains("b \u2212 a", System.Net.WebUtility.HtmlDecode(html), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_stands_for_its_predictions()
    {
        using var folder = Folder();
        string Keep(string name, string? predictions)
        {
            using var writer = new RunStore(folder.File("runs")).Create(new RunRequest(name, "assay train r.yaml"));
            if (predictions is not null)
                writer.WriteFile("predictions.parquet", path => TableFile.Write(path, TableFile.Read(folder.File(predictions))));
            writer.Finish();
            return writer.ToRun().Id;
        }
        string first = Keep("first", "a.csv"), second = Keep("second", "b.csv");
        foreach (var name in new[] { "first", $"runs/{first}", $"runs/{first}/" })
        {
            var json = JsonDocument.Parse((await CliRun.Of(["judge", name, "--json"], folder.Path)).Output).RootElement;
            Assert.Equal((first, 0.7), (json.GetProperty("model").GetString(), json.GetProperty("metrics")[0].GetProperty("value").GetDouble()));
        }
        Assert.StartsWith($"Cannot tell {second} from {first}", (await CliRun.Of(["compare", first, second], folder.Path)).Output, StringComparison.Ordinal);
        Keep("empty", null);
        Assert.Contains("has no predictions; it is finished", (await CliRun.Of("judge empty", folder.Path)).Error, StringComparison.Ordinal);
        Assert.Contains("there is no run 'secnd'", (await CliRun.Of("judge secnd", folder.Path)).Error, StringComparison.Ordinal);
        Assert.Contains("runs/secnd: there is no such file or run", (await CliRun.Of("judge runs/secnd", folder.Path)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Learners_are_listed_with_commas_and_keep_their_parameters()
    {
        var json = JsonDocument.Parse((await CliRun.Of(["select", "iris", "--learners", "lda(shrinkage: 0.1), knn(neighbors: 5, standardize: false)", "--json"])).Output).RootElement;
        Assert.Equal(["lda(shrinkage: 0.1)", "knn(neighbors: 5, standardize: false)"], json.GetProperty("candidates").EnumerateArray().Select(c => c.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("judge a.csv --by town", "a.csv: no column 'town'")]
    [InlineData("judge none.csv", "none.csv")]
    [InlineData("judge a.csv --level 2", "--level must lie between 0 and 1")]
    [InlineData("judge a.csv --scores p_cat,p_cow", "no column 'p_cow'; there are: id, label, p_cat, p_dog, city")]
    [InlineData("judge bad.csv", "bad.csv: row 2: the probabilities sum to 1.1")]
    [InlineData("compare a.csv", "compare")]
    [InlineData("compare a.csv other.csv", "other: id 'x' of row 0 is not among the examples of a")]
    public async Task Bad_input_is_one_line_and_exit_code_2(string command, string message)
    {
        using var folder = Folder();
        File.WriteAllText(folder.File("bad.csv"), "label,p_a,p_b\na,.5,.5\nb,.5,.6\n");
        File.WriteAllText(folder.File("other.csv"), "id,label,p_cat,p_dog\nx,cat,.5,.5\n");
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal((2, ""), (run.Exit, run.Output));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_comparison_begins_with_the_verdict_and_matches_by_id()
    {
        using var folder = Folder();
        var run = await CliRun.Of("compare a.csv b.csv", folder.Path);
        Assert.Equal((0, ""), (run.Exit, run.Error));
        // Only a is right on 5; only b on 4, 8 and 9: exact p = .625.
        Assert.StartsWith("Cannot tell b from a: b is ahead by 20.0 points", run.Output, StringComparison.Ordinal);
        Assert.Contains("p = 0.6250", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"a – b +6 +1 +3 +0 +McNemar \(exact\)", run.Output);
        var json = JsonDocument.Parse((await CliRun.Of("compare a.csv b.csv --json", folder.Path)).Output).RootElement;
        Assert.Equal(0.625, json.GetProperty("pairs")[0].GetProperty("test").GetProperty("pValue").GetDouble(), 1e-9);
        Assert.Equal("common-test-set", json.GetProperty("advice").GetProperty("scheme").GetString());
    }

    [Fact]
    public async Task Three_models_are_tested_together_first()
    {
        using var folder = Folder();
        File.WriteAllText(folder.File("c.csv"), A);
        var run = await CliRun.Of("compare a.csv b.csv c.csv", folder.Path);
        Assert.Contains("all 3 models together: Cochran Q", run.Output, StringComparison.Ordinal);
        Assert.Contains("after Holm", run.Output, StringComparison.Ordinal);
        Assert.Contains("right on the same items", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Advice_needs_no_data_and_data_are_tried_by_the_procedure()
    {
        var advice = await CliRun.Of("select -n 400 --models 3");
        Assert.Contains("five times two-fold cross-validation", advice.Output, StringComparison.Ordinal);
        Assert.Contains("Holm", advice.Output, StringComparison.Ordinal);
        var run = await CliRun.Of("select iris -l lda -l knn(1) --json");
        var json = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal("five-by-two", json.GetProperty("plan").GetProperty("scheme").GetString());
        Assert.InRange(json.GetProperty("candidates")[0].GetProperty("accuracy").GetProperty("value").GetDouble(), .94, 1);
        Assert.Equal(1, json.GetProperty("pairs").GetArrayLength());
        var tuned = await CliRun.Of("select wine -q selectSetting -l knn");
        Assert.Matches(@"\n  knn +0\.\d+ +\[.*\] +knn\(\d+\)", tuned.Output);
        Assert.Equal(2, (await CliRun.Of("select")).Exit);
        Assert.Contains("no class labels", (await CliRun.Of("select diabetes")).Error, StringComparison.Ordinal);
        Assert.Contains("assay compare", (await CliRun.Of("select iris -q compareModels")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("judge", "a.csv")]
    [InlineData("compare", "a.csv", "b.csv")]
    [InlineData("select", "iris", "-l", "lda", "-l", "knn")]
    public async Task Judging_loads_no_libtorch(params string[] arguments)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var folder = Folder();
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "assay"), arguments)
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LD_DEBUG"] = "files" },
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var trace = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("libcoreclr.so", trace, StringComparison.Ordinal); // the trace is there
        Assert.DoesNotContain("libtorch", trace, StringComparison.OrdinalIgnoreCase);
    }
}
