using System.Globalization;
using System.Text;
using System.Text.Json;
using Assay.Evaluation;
using Assay.Lab.Tests;
using Assay.Statistics;

namespace Assay.Cli.Tests;

public sealed class CalibrateCommandTests
{
    // Logits three times too large: labels are drawn from softmax(z / 3).
    private static string Logits(int count, long seed, string label = ",label", double noise = 0)
    {
        var (random, other) = (new SeededRandom(seed), new SeededRandom(seed + 100));
        var text = new StringBuilder($"id,logit_a,logit_b{label},city\n");
        for (var i = 0; i < count; i++)
        {
            var (a, b) = (3 * random.NextGaussian(), 3 * random.NextGaussian());
            var y = random.NextDouble() < 1 / (1 + Math.Exp((b - a) / 3)) ? "a" : "b";
            text.Append(CultureInfo.InvariantCulture, $"e{i},{a + noise * other.NextGaussian():0.####},{b + noise * other.NextGaussian():0.####}{(label.Length > 0 ? "," + y : "")},{(i % 2 == 0 ? "Ulm" : "Bonn")}\n");
        }
        return text.ToString();
    }

    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("val.csv"), Logits(2000, 1));
        File.WriteAllText(folder.File("test.csv"), Logits(1000, 2));
        File.WriteAllText(folder.File("bare.csv"), Logits(10, 3, label: ""));
        File.WriteAllText(folder.File("val-t.csv"), Logits(2000, 1, noise: 1));
        File.WriteAllText(folder.File("test-t.csv"), Logits(1000, 2, noise: 1));
        File.WriteAllText(folder.File("three.csv"), "logit_a,logit_b,logit_c,label\n1,2,3,a\n");
        return folder;
    }

    [Fact]
    public async Task Before_and_after_are_shown_and_the_output_keeps_ids_and_columns()
    {
        using var folder = Folder();
        var run = await CliRun.Of("calibrate val.csv test.csv -o out.csv --save t.json", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Matches(@"test +1,000 examples|test  1,000 examples", run.Output);
        Assert.Matches(@"temperature-scaling, fitted on 2,000 examples: T = [23]\.", run.Output);
        Assert.Matches(@"calibration error \(equal width, 15 bins\) +0\.1\d* .* 0\.0", run.Output);
        Assert.Contains("No predicted class changed.", run.Output, StringComparison.Ordinal);
        Assert.Contains("calibrated predictions in", run.Error, StringComparison.Ordinal);
        var (before, after) = (PredictionsFile.Read(folder.File("test.csv")), PredictionsFile.Read(folder.File("out.csv")));
        Assert.Equal((ScoreKind.Probabilities, "e0"), (after.Kind, after.Ids[0]));
        Assert.Equal(before.PredictedClasses(), after.PredictedClasses());
        Assert.True(after.Slices.ContainsKey("city"));
        Assert.Equal(before.Labels, after.Labels);
    }

    [Fact]
    public async Task A_kept_calibrator_does_on_new_predictions_what_it_did()
    {
        using var folder = Folder();
        await CliRun.Of("calibrate val.csv test.csv --method isotonic-calibration --save iso.json -o a.csv -q", folder.Path);
        var run = await CliRun.Of("calibrate test.csv --load iso.json -o b.csv --json", folder.Path);
        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.Equal(File.ReadAllText(folder.File("a.csv")), File.ReadAllText(folder.File("b.csv")));
        var json = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(("isotonic-calibration", 2000, 1000), (json.GetProperty("method").GetString(), json.GetProperty("fittedOn").GetInt32(), json.GetProperty("examples").GetInt32()));
        Assert.Equal(["ece", "log-loss", "brier", "accuracy"], json.GetProperty("metrics").EnumerateArray().Select(m => m.GetProperty("name").GetString()));
        Assert.All(json.GetProperty("metrics").EnumerateArray().Take(3), m => Assert.True(m.GetProperty("after").GetProperty("value").GetDouble() < m.GetProperty("before").GetProperty("value").GetDouble()));
    }

    [Fact]
    public async Task Predictions_without_truth_are_calibrated_and_not_judged()
    {
        using var folder = Folder();
        var run = await CliRun.Of("calibrate val.csv bare.csv -o out.csv", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Contains("calibrated, not judged", run.Output, StringComparison.Ordinal);
        Assert.Equal(10, PredictionsFile.Read(folder.File("out.csv")).Count);
        Assert.Equal(("", ""), (await CliRun.Of("calibrate val.csv bare.csv -o out.csv -q", folder.Path)) is var quiet ? (quiet.Output, quiet.Error) : default);
    }

    [Fact]
    public async Task Predictions_on_transformed_inputs_are_used_and_matched_by_id()
    {
        using var folder = Folder();
        string[] command = ["calibrate", "val.csv", "test.csv", "--method", "correctness-aware-calibration(steps: 50, learningRate: 0.01)", "--validation-transformed", "val-t.csv", "--transformed", "test-t.csv", "--json"];
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(0, run.Exit);
        var lines = File.ReadAllLines(folder.File("test-t.csv"));
        File.WriteAllLines(folder.File("test-t.csv"), [lines[0], .. lines[1..].Reverse()]);
        Assert.Equal(run.Output, (await CliRun.Of(command, folder.Path)).Output);
        var without = await CliRun.Of(command[..7], folder.Path);
        Assert.Equal(2, without.Exit);
        Assert.Contains("fitted with 1", without.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("calibrate val.csv", "two files were expected")]
    [InlineData("calibrate val.csv val.csv", "fitted on; what it reaches there says nothing")]
    [InlineData("calibrate val.csv test.csv --method isotonic", "unknown method 'isotonic'")]
    [InlineData("calibrate val.csv test.csv --method accuracy", "does not fit here; what fits: adaptive-temperature-scaling")]
    [InlineData("calibrate val.csv test.csv --method histogram-binning(bins:0)", "1 to 10000 bins")]
    [InlineData("calibrate bare.csv test.csv", "the true labels are missing")]
    [InlineData("calibrate val.csv three.csv", "3 classes, temperature-scaling was fitted on 2")]
    [InlineData("calibrate val.csv test.csv --load c.json", "only PREDICTIONS was expected")]
    [InlineData("calibrate test.csv --load val.csv", "no saved calibrator")]
    [InlineData("calibrate test.csv --load val.csv --method platt-scaling", "do not go with it")]
    [InlineData("calibrate val.csv none.csv", "none.csv")]
    [InlineData("calibrate val.csv test.csv --transformed test-t.csv", "1 transformed copies")]
    [InlineData("calibrate val.csv test.csv -o out.xyz", "out.xyz")]
    public async Task Bad_input_gets_one_line_and_exit_code_2(string command, string message)
    {
        using var folder = Folder();
        var run = await CliRun.Of(command, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(message, run.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_teaches_with_examples()
    {
        var run = await CliRun.Of("calibrate --help");
        Assert.Contains("assay calibrate val.csv test.csv -o calibrated.csv", run.Output, StringComparison.Ordinal);
        Assert.Contains("--load", run.Output, StringComparison.Ordinal);
    }
}
