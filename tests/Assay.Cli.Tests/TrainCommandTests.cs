using System.Diagnostics;
using System.Text.Json;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class TrainCommandTests
{
    private const string Small = "data: iris\nmodel: mlp(16)\nepochs: 30\nbatch: 16\noptimizer: adamw(learningRate: 1e-2)\nthreads: 1\n";

    private static TemporaryFolder Folder(string recipe = Small)
    {
        var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("r.yaml"), recipe);
        return folder;
    }

    [Fact]
    public async Task A_recipe_becomes_a_finished_run_with_all_its_files()
    {
        using var folder = Folder();
        var run = await CliRun.Of("train r.yaml", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Matches(@"Accuracy 0\.\d+ \[.*\] on 30 test examples", run.Output);
        var kept = new RunStore(folder.File("runs")).Find("last");
        Assert.Equal((RunStatus.Finished, 0L, Small, "assay train r.yaml"), (kept.Info.Status, kept.Info.Seed, kept.Info.Recipe, kept.Info.Command));
        Assert.True(kept.Info.Metrics["accuracy"] > 0.85);
        Assert.Equal(30, kept.ReadCurves().Count(p => p.Name == "validation/loss"));
        foreach (var file in new[] { "run.json", "curves.jsonl", "predictions.parquet", "report.html", "model.safetensors", "scaling.json" })
            Assert.True(File.Exists(Path.Combine(kept.Folder, file)), file);
        Assert.Contains("mlp(16) on iris", File.ReadAllText(kept.ReportPath), StringComparison.Ordinal);
        var rows = RunQuery.Execute(new RunStore(folder.File("runs")), "select count(*), avg((label = predicted)::int), count(distinct id) from predictions").Rows[0];
        Assert.Equal((30L, 30L), (rows[0], rows[2]));
        Assert.Equal(kept.Info.Metrics["accuracy"], (double)rows[1]!, 1e-9);
        var judged = Judgement.Of(PredictionsFile.Read(kept.PredictionsPath));
        Assert.Equal(kept.Info.Metrics["accuracy"], judged["accuracy"].Estimate.Value, 1e-12);
        Assert.Equal(kept.Info.Metrics["log-loss"], judged["log-loss"].Estimate.Value, 1e-6);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_predictions()
    {
        using var folder = Folder();
        await CliRun.Of("train r.yaml --runs a", folder.Path);
        await CliRun.Of("train r.yaml --runs b", folder.Path);
        await CliRun.Of("train r.yaml --runs c --set seed=1", folder.Path);
        string Loss(string store) => string.Join(' ', new RunStore(folder.File(store)).Find("last").ReadCurves().Select(p => p.Value.ToString("R")));
        Assert.Equal(Loss("a"), Loss("b"));
        Assert.NotEqual(Loss("a"), Loss("c"));
    }

    [Fact]
    public async Task Several_seeds_give_several_runs_and_their_spread()
    {
        using var folder = Folder();
        string[] arguments = ["train", "r.yaml", "--set", "seeds=[3, 4]", "--set", "epochs=5", "--json"];
        var json = JsonDocument.Parse((await CliRun.Of(arguments, folder.Path)).Output).RootElement;
        Assert.Equal([3, 4], json.GetProperty("runs").EnumerateArray().Select(r => r.GetProperty("seed").GetInt32()));
        var accuracies = json.GetProperty("runs").EnumerateArray().Select(r => r.GetProperty("metrics").GetProperty("accuracy").GetDouble()).ToArray();
        var summary = json.GetProperty("summary").EnumerateArray().First(s => s.GetProperty("metric").GetString() == "accuracy");
        Assert.Equal(accuracies.Average(), summary.GetProperty("mean").GetDouble(), 1e-12);
        Assert.Equal(2, new RunStore(folder.File("runs")).List().Length);
    }

    [Fact]
    public async Task Regression_is_judged_in_the_targets_own_unit()
    {
        using var folder = Folder("data: diabetes\nmodel: linear\nepochs: 60\noptimizer: adamw(learningRate: 1e-2)\nthreads: 1\n");
        Assert.Equal(0, (await CliRun.Of("train r.yaml", folder.Path)).Exit);
        // Least squares reaches about 55 on such a part; the deviation of the target is 77.
        Assert.InRange(new RunStore(folder.File("runs")).Find("last").Info.Metrics["rmse"], 40, 65);
    }

    [Fact]
    public async Task Another_algorithm_than_backpropagation_trains_too()
    {
        using var folder = Folder("data: iris\nalgorithm: mono-forward(hidden: [16], epochsPerLayer: 40, learningRate: 0.01, batchSize: 16)\nthreads: 1\n");
        Assert.Equal(0, (await CliRun.Of("train r.yaml", folder.Path)).Exit);
        Assert.True(new RunStore(folder.File("runs")).Find("last").Info.Metrics["accuracy"] > 0.8);
    }

    [Fact]
    public async Task A_loss_that_is_not_finite_fails_the_run_and_says_why()
    {
        using var folder = Folder();
        string[] arguments = ["train", "r.yaml", "--set", "optimizer=sgd(learningRate: 1e30)"];
        var run = await CliRun.Of(arguments, folder.Path);
        Assert.Equal(1, run.Exit);
        Assert.Contains("the loss is not finite at step", run.Error, StringComparison.Ordinal);
        var kept = new RunStore(folder.File("runs")).Find("last");
        Assert.Equal(RunStatus.Failed, kept.Info.Status);
        Assert.Contains("not finite", kept.Info.Failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--set loss=mse", "assay: --set loss=mse: 'mse' does not fit data with 3 classes: ")]
    [InlineData("--set optimizer=sgd(learningRate:-1)", "assay: --set optimizer=sgd(learningRate:-1): sgd: a positive number was expected for learningRate, not -1\n")]
    [InlineData("--set data=nothing.csv", "assay: 'nothing.csv' is neither a file nor a data set; ")]
    [InlineData("--set device=tpu", "assay: r.yaml: device: unknown device 'tpu'")]
    [InlineData("--resume last", "assay: give a recipe to train or a run to --resume\n")]
    public async Task Bad_input_is_one_line_and_exit_code_2(string options, string expected)
    {
        using var folder = Folder();
        var run = await CliRun.Of($"train r.yaml {options}", folder.Path);
        Assert.Equal(2, run.Exit);
        var line = run.Error[run.Error.IndexOf("assay: ", StringComparison.Ordinal)..];
        Assert.StartsWith(expected, line, StringComparison.Ordinal);
        Assert.Single(line.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_dry_run_checks_all_and_trains_nothing()
    {
        using var folder = Folder();
        var run = await CliRun.Of("train r.yaml --dry-run", folder.Path);
        Assert.Equal(0, run.Exit);
        Assert.Contains("iris: 105 to train, 15 to validate, 30 to test", run.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("runs")));
    }

    [Fact]
    public async Task The_schema_is_printed_as_json()
    {
        var run = await CliRun.Of("train --schema");
        Assert.Equal("Assay recipe", JsonDocument.Parse(run.Output).RootElement.GetProperty("title").GetString());
    }

    [Fact]
    public async Task A_killed_training_goes_on_and_ends_as_if_it_had_not_been_disturbed()
    {
        using var folder = Folder(Small.Replace("epochs: 30", "epochs: 200", StringComparison.Ordinal));
        using (var child = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "assay"), ["train", "r.yaml", "--quiet"]) { WorkingDirectory = folder.Path })!)
        {
            var store = new RunStore(folder.File("runs"));
            while (!child.HasExited && (store.List().IsEmpty || !Directory.Exists(store.List()[0].CheckpointsPath) || store.List()[0].ReadCurves().Length < 20))
                await Task.Delay(5);
            child.Kill();
            await child.WaitForExitAsync();
        }
        var killed = new RunStore(folder.File("runs")).Find("last");
        Assert.Equal(RunStatus.Unfinished, killed.Info.Status);
        Assert.Equal(0, (await CliRun.Of("train --resume last", folder.Path)).Exit);
        var resumed = new RunStore(folder.File("runs")).Find(killed.Id);
        Assert.Equal(RunStatus.Finished, resumed.Info.Status);
        await CliRun.Of("train r.yaml --runs undisturbed", folder.Path);
        Assert.Equal(new RunStore(folder.File("undisturbed")).Find("last").ReadCurves(), resumed.ReadCurves());
    }
}
