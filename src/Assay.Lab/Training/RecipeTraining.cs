using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Lab;

/// <summary>What one training of a recipe gave.</summary>
/// <param name="Run">The run on disk.</param>
/// <param name="Judgement">The judgement on the test part, or null where there is none.</param>
/// <param name="Trace">The curves.</param>
public sealed record TrainingOutcome(Run Run, Judgement? Judgement, TrainingTrace Trace)
{
    /// <summary>The result in a sentence or two.</summary>
    public string Verdict => TrainingReport.Verdict(Judgement, Trace);
}

/// <summary>
/// Trains what a recipe says and keeps it as a run: curves as they are recorded, checkpoints, the model, predictions on the test part,
/// key figures and the report.
/// </summary>
/// <param name="recipe">The recipe.</param>
/// <param name="catalog">The methods it may name.</param>
/// <param name="store">Where runs are kept.</param>
/// <param name="time">The clock; the system's when null.</param>
public sealed class RecipeTraining(Recipe recipe, MethodCatalog catalog, RunStore store, TimeProvider? time = null)
{
    /// <summary>The file of the trained weights in a run.</summary>
    public const string ModelFile = "model.safetensors";

    /// <summary>The file of the scaling in a run, which new data must pass before the model sees them.</summary>
    public const string ScalingFile = "scaling.json";

    private PreparedData? prepared;

    /// <summary>The data, loaded and divided once for all seeds.</summary>
    public PreparedData Data => prepared ??= PreparedData.Of(recipe);

    /// <summary>The algorithm that the recipe describes.</summary>
    /// <exception cref="InvalidDataException">A method's parameter is wrong; the message names file, line and column.</exception>
    public TrainingAlgorithm CreateAlgorithm()
    {
        if (recipe.Algorithm is { } algorithm)
            return algorithm.Create<TrainingAlgorithm>(catalog);
        var defaults = new TrainingOptions();
        return new Backprop(recipe.Model!.Create<ModelSpec>(catalog), defaults with
        {
            Epochs = recipe.Epochs,
            BatchSize = recipe.BatchSize,
            AccumulationSteps = recipe.AccumulationSteps,
            Optimizer = recipe.Optimizer?.Create<OptimizerSpec>(catalog) ?? defaults.Optimizer,
            Schedule = recipe.Schedule?.Create<Schedule>(catalog) ?? defaults.Schedule,
            Loss = recipe.Loss?.Create<nn.Module<Tensor, Tensor, Tensor>>(catalog),
            ClipNorm = recipe.ClipNorm,
            EarlyStopping = recipe.EarlyStopping,
            Precision = recipe.Precision,
            // Only how often: the folder is that of the run.
            Checkpoints = recipe.CheckpointEvery is { } every ? new CheckpointOptions("checkpoints", every) : null,
        });
    }

    /// <summary>Trains with one seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="command">The command line that repeats it.</param>
    /// <param name="progress">Takes reports, or null.</param>
    /// <param name="warn">Takes warnings, or null.</param>
    /// <param name="resume">The id of a run of this recipe to go on with, or null for a new one.</param>
    /// <param name="cancellation">Ends the training after the current step, with a checkpoint.</param>
    /// <exception cref="InvalidDataException">Recipe and data do not go together.</exception>
    /// <exception cref="NonFiniteLossException">The loss is not finite; the run is kept as failed.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled; the run can be resumed.</exception>
    public TrainingOutcome Run(
        long seed, string command, IProgress<ProgressUpdate>? progress = null, Action<string>? warn = null, string? resume = null, CancellationToken cancellation = default)
    {
        progress?.Report(new ProgressUpdate("loading the data"));
        var data = Data;
        var algorithm = CreateAlgorithm();
        var device = Device();
        if (recipe.Threads is { } threads)
            TorchRuntime.Threads = threads;
        using var writer = resume is null ? store.Create(Request(seed, command)) : store.Resume(resume);
        try
        {
            return Train(writer, algorithm, data, device, seed, progress, warn, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            writer.Cancel();
            throw;
        }
        catch (Exception e)
        {
            writer.Fail(FailureText.Of(e));
            throw;
        }
    }

    private TrainingOutcome Train(
        RunWriter writer, TrainingAlgorithm algorithm, PreparedData data, Device device, long seed, IProgress<ProgressUpdate>? progress, Action<string>? warn, CancellationToken cancellation)
    {
        using var train = TensorDataset.From(data.Train, device);
        using var validation = data.Validation is null ? null : TensorDataset.From(data.Validation, device);
        CheckLoss(train);
        writer.ReplaceCurves([]); // a resumed training records again what its checkpoints hold
        var label = recipe.Seeds.Length > 1 ? $"training, seed {seed}" : "training";
        var epochs = recipe.Algorithm is null ? recipe.Epochs : 0;
        using var model = algorithm.Fit(train, validation, new TrainingContext
        {
            Seed = seed,
            Cancellation = cancellation,
            Warn = warn,
            CheckpointFolder = recipe.CheckpointEvery is null ? null : writer.CheckpointsPath,
            Record = point =>
            {
                writer.Append(point);
                progress?.Report(new ProgressUpdate(label, point.Epoch, epochs, FormattableString.Invariant($"{point.Name} {point.Value:0.####}")));
            },
        });
        writer.WriteFile(ModelFile, path => Safetensors.Write(path, model.Model.state_dict().Select(p => (p.Key, p.Value)), new Dictionary<string, string> { ["recipe"] = recipe.Text }));
        if (data.Scaling is { } scaling)
            writer.WriteFile(ScalingFile, path => File.WriteAllText(path, LabJson.Write(scaling)));
        progress?.Report(new ProgressUpdate("judging"));
        var judgement = data.Test is { } test ? Judge(writer, model, test, data.Scaling, device) : null;
        writer.SetMetrics(Metrics(judgement, model.Trace));
        writer.Finish();
        writer.WriteReport(ReportBuilder.Write(TrainingReport.Of(recipe, algorithm.Name, data, writer.ToRun(), judgement, model.Trace, (time ?? TimeProvider.System).GetUtcNow())));
        return new TrainingOutcome(writer.ToRun(), judgement, model.Trace);
    }

    // A loss for values given classes, or the reverse, fails deep inside torch: ask it once, on nothing.
    private void CheckLoss(TensorDataset train)
    {
        if (recipe.Loss is null || recipe.Algorithm is not null)
            return;
        using var scope = NewDisposeScope();
        using var loss = recipe.Loss.Create<nn.Module<Tensor, Tensor, Tensor>>(catalog);
        try
        {
            LossProbe.Call(loss, train.Outputs, train.Targets.narrow(0, 0, Math.Min(2, train.Count)));
        }
        catch (Exception e) when (e is System.Runtime.InteropServices.ExternalException or ArgumentException or InvalidOperationException)
        {
            throw recipe.Loss.Place.Error($"'{recipe.Loss}' does not fit data with {(train.IsClassification ? $"{train.Outputs} classes" : "real values")}: {FailureText.Of(e)}", e);
        }
    }

    private Judgement Judge(RunWriter writer, TrainedModel model, Dataset test, FeatureScaling? scaling, Device device)
    {
        using var tensors = TensorDataset.From(test, device);
        using var scores = model.Scores(tensors.Inputs).cpu().to(ScalarType.Float32).reshape(test.Count, -1);
        var values = scores.data<float>().ToArray();
        var predictions = new Predictions
        {
            Model = recipe.Name,
            Kind = test.HasLabels ? ScoreKind.Logits : ScoreKind.Values,
            Scores = new FloatMatrix(test.HasLabels || scaling is null ? values : Array.ConvertAll(values, scaling.Unscale), test.Count, (int)scores.shape[1]),
            Labels = test.Labels,
            Targets = test.HasLabels ? [] : scaling is null ? test.Targets : [.. test.Targets.Select(scaling.Unscale)],
            Ids = test.Ids,
            ClassNames = test.ClassNames,
            Slices = Slices(test),
        };
        writer.WriteFile(Lab.Run.PredictionsFile, path => TableFile.Write(path, PredictionTable.Of(predictions)));
        return Judgement.Of(predictions);
    }

    private static ImmutableDictionary<string, CategoryColumn> Slices(Dataset data)
    {
        var slices = ImmutableDictionary.CreateBuilder<string, CategoryColumn>();
        if (data.Domains is { } domains)
            slices.Add("domain", domains);
        if (data.Groups is { } groups)
            slices.Add("group", groups);
        return slices.ToImmutable();
    }

    private static IEnumerable<KeyValuePair<string, double>> Metrics(Judgement? judgement, TrainingTrace trace)
    {
        if (judgement is not null)
        {
            foreach (var metric in judgement.Metrics.Where(m => m.Estimate.IsDefined))
                yield return new(metric.Name, metric.Estimate.Value);
        }
        foreach (var curve in trace.Points.Select(p => p.Name).Distinct().Where(n => n.EndsWith("/loss", StringComparison.Ordinal) || n.EndsWith("/accuracy", StringComparison.Ordinal)))
            yield return new(curve, trace.Last(curve));
    }

    private RunRequest Request(long seed, string command) => new(recipe.Name, command)
    {
        Seed = seed,
        Recipe = recipe.Text,
        RecipeFile = recipe.Source,
        Overrides = recipe.Overrides,
        Settings = recipe.Settings,
    };

    private Device Device()
    {
        try
        {
            return TorchRuntime.Device(recipe.Device);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{Path.GetFileName(recipe.Source)}: device: {e.Message.Split(" (Parameter")[0]}", e);
        }
    }
}
