using System.Collections.Immutable;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Language;

/// <summary>How <see cref="DomainUpsampling"/> trains.</summary>
public sealed record UpsamplingOptions
{
    /// <summary>The sizes of the model.</summary>
    public required DecoderConfig Model { get; init; }

    /// <summary>The optimiser steps of the whole run.</summary>
    public required int Steps { get; init; }

    /// <summary>The sequences of one step.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>AdamW's highest learning rate.</summary>
    public double LearningRate { get; init; } = 3e-3;

    /// <summary>The schedule; the paper's falls in a straight line to zero.</summary>
    public Schedule Schedule { get; init; } = new LinearSchedule(warmup: 0.04);

    /// <summary>The precision of matrix products.</summary>
    public Precision Precision { get; init; }

    /// <summary>Decides weights and draws.</summary>
    public long Seed { get; init; }

    /// <summary>The most held-out tokens of each domain in an evaluation.</summary>
    public int EvaluationTokens { get; init; } = 20_000;

    /// <summary>Scores of target tasks, by name; higher is better.</summary>
    public ImmutableArray<(string Name, Func<Decoder, double> Score)> Tasks { get; init; } = [];

    /// <summary>Hears what is being trained.</summary>
    public IProgress<ProgressUpdate>? Progress { get; init; }
}

/// <summary>One run of an upsampling experiment.</summary>
/// <param name="Name">What it did.</param>
/// <param name="UpShare">d.</param>
/// <param name="Evaluation">The loss on held-out texts by domain.</param>
/// <param name="Tasks">The tasks' scores.</param>
/// <param name="Steps">The optimiser steps that it took of its own, shared ones left out.</param>
public sealed record UpsamplingRun(string Name, double UpShare, LanguageEvaluation Evaluation, ImmutableArray<double> Tasks, int Steps);

/// <summary>What one domain is worth: the run with all domains upsampled against the run without this one.</summary>
/// <param name="Domain">The domain.</param>
/// <param name="Tasks">I_g of each task: score with all minus score without it.</param>
/// <param name="Losses">The loss without it minus the loss with all, for every held-out domain in order: positive where the domain helped.</param>
public sealed record DomainWorth(string Domain, ImmutableArray<double> Tasks, ImmutableArray<double> Losses);

/// <summary>
/// Trains one base run and branches off it: for every length d of the last part, for controls, and for each domain left out of the last
/// part as a cheap test of its worth (d·T steps instead of T).
/// </summary>
public static class DomainUpsampling
{
    /// <summary>The branches for each length d; 0 is the base run to its end.</summary>
    /// <param name="corpus">A corpus with a stream for each domain.</param>
    /// <param name="mix">Base and up weights.</param>
    /// <param name="durations">The lengths d, each 0 or at least one step.</param>
    /// <param name="options">How to train.</param>
    /// <param name="cancellation">Ends the experiment.</param>
    public static ImmutableArray<UpsamplingRun> Durations(
        PackedCorpus corpus, DomainMixSchedule mix, IReadOnlyList<double> durations, UpsamplingOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(mix);
        ArgumentNullException.ThrowIfNull(durations);
        ArgumentNullException.ThrowIfNull(options);
        using var work = new Work(corpus, options, cancellation);
        // The longest branches off first; the base run then goes on to the next branching point.
        return [.. durations.OrderDescending().Select(d => work.Branch(mix.WithUpShare(d), $"d = {d.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture)}")).OrderBy(r => r.UpShare)];
    }

    /// <summary>The two controls: the static mix that reads the same data in expectation, and the parts in reverse order (first up, then base).</summary>
    public static ImmutableArray<UpsamplingRun> Controls(PackedCorpus corpus, DomainMixSchedule mix, UpsamplingOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(mix);
        ArgumentNullException.ThrowIfNull(options);
        using var work = new Work(corpus, options, cancellation);
        var even = mix.EffectiveMix();
        var reverse = new DomainMixSchedule(mix.Domains, mix.UpWeights, mix.BaseWeights, 1 - mix.UpShare);
        return
        [
            work.Whole(new DomainMixSchedule(mix.Domains, even, even, 0), "static mix"),
            work.Whole(reverse, "reverse"),
        ];
    }

    /// <summary>What each domain is worth, from branches that leave it out of the last part.</summary>
    /// <param name="corpus">A corpus with a stream for each domain.</param>
    /// <param name="mix">Base and up weights, and d.</param>
    /// <param name="probes">The domains to leave out.</param>
    /// <param name="options">How to train.</param>
    /// <param name="cancellation">Ends the experiment.</param>
    /// <returns>The run with all, and the worth of each domain.</returns>
    public static (UpsamplingRun All, ImmutableArray<DomainWorth> Worth) Attribution(
        PackedCorpus corpus, DomainMixSchedule mix, IReadOnlyList<string> probes, UpsamplingOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(mix);
        ArgumentNullException.ThrowIfNull(probes);
        ArgumentNullException.ThrowIfNull(options);
        var without = probes.Select(mix.Without).ToArray(); // an unknown domain is found before anything is trained
        using var work = new Work(corpus, options, cancellation);
        var all = work.Branch(mix, "all domains");
        return (all, [.. probes.Zip(without, (domain, schedule) =>
        {
            var run = work.Branch(schedule, $"without {domain}");
            return new DomainWorth(
                domain, [.. all.Tasks.Zip(run.Tasks, (a, b) => a - b)], [.. all.Evaluation.Domains.Zip(run.Evaluation.Domains, (a, b) => b.Loss - a.Loss)]);
        })]);
    }

    private sealed class Work : IDisposable
    {
        private readonly PackedCorpus corpus;
        private readonly UpsamplingOptions options;
        private readonly CancellationToken cancellation;
        private readonly string root = Directory.CreateTempSubdirectory("assay-upsampling-").FullName;
        private int baseSteps;

        public Work(PackedCorpus corpus, UpsamplingOptions options, CancellationToken cancellation)
        {
            ArgumentNullException.ThrowIfNull(corpus);
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Steps);
            if (corpus.Held.IsEmpty)
                throw new ArgumentException("no text is held out", nameof(corpus));
            (this.corpus, this.options, this.cancellation) = (corpus, options, cancellation);
        }

        public UpsamplingRun Whole(DomainMixSchedule mix, string name) => Train(mix, name, null, 0, null);

        public UpsamplingRun Branch(DomainMixSchedule mix, string name)
        {
            var branch = (int)Math.Round((1 - mix.UpShare) * options.Steps);
            if (mix.UpShare > 0 && branch == options.Steps)
                throw new ArgumentException($"{name}: {mix.UpShare} of {options.Steps} steps is less than one step", nameof(mix));
            // Whole steps: a batch is all base or all up.
            mix = mix.WithUpShare(1 - (double)branch / options.Steps);
            if (branch == 0)
                return Whole(mix, name);
            var trunk = Path.Combine(root, "base");
            if (branch > baseSteps)
            {
                Train(mix.WithUpShare(0), "base run", trunk, baseSteps, branch);
                baseSteps = branch;
            }
            if (branch < baseSteps)
                throw new InvalidOperationException("the base run is beyond the branching point already");
            var folder = Path.Combine(root, name);
            Directory.CreateDirectory(folder);
            foreach (var file in Directory.EnumerateFiles(trunk))
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            var result = Train(mix, name, folder, branch, null);
            Directory.Delete(folder, recursive: true);
            return result;
        }

        private UpsamplingRun Train(DomainMixSchedule mix, string name, string? folder, int from, int? stop)
        {
            options.Progress?.Report(new ProgressUpdate(name, from, options.Steps));
            var order = mix.Order(corpus, options.Steps * options.BatchSize, options.Seed);
            using var model = new Decoder(options.Model, SeededRandom.At(options.Seed, 0));
            new Pretrainer(new PretrainingOptions
            {
                BatchSize = options.BatchSize, LearningRate = options.LearningRate, Schedule = options.Schedule, Precision = options.Precision, Seed = options.Seed,
                Order = _ => order, StopAfterStep = stop, CheckpointFolder = folder, CheckpointEvery = int.MaxValue, Evaluations = 0,
                Progress = options.Progress is { } heard ? new Heard(heard, name) : null,
            }).Run(model, corpus, cancellation);
            var evaluation = stop is null ? LanguageEvaluation.Of(model, corpus, options.EvaluationTokens) : null;
            return new UpsamplingRun(name, mix.UpShare, evaluation!, stop is null ? [.. options.Tasks.Select(t => t.Score(model))] : [], (stop ?? options.Steps) - from);
        }

        public void Dispose() => Directory.Delete(root, recursive: true);
    }

    private sealed class Heard(IProgress<ProgressUpdate> progress, string name) : IProgress<PretrainingProgress>
    {
        public void Report(PretrainingProgress value) => progress.Report(new ProgressUpdate(name, value.Step, value.TotalSteps));
    }
}
