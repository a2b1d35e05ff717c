using System.Collections.Immutable;
using System.Diagnostics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>How <see cref="Pretrainer"/> trains.</summary>
public sealed record PretrainingOptions
{
    /// <summary>The passes over the training part.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>The sequences of one step.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Into how many parts a batch is split to save memory.</summary>
    public int AccumulationSteps { get; init; } = 1;

    /// <summary>AdamW's highest learning rate.</summary>
    public double LearningRate { get; init; } = 3e-3;

    /// <summary>The weight decay of AdamW; on matrices only.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>The learning-rate schedule.</summary>
    public Schedule Schedule { get; init; } = new CosineSchedule(warmup: 0.04, floor: 0.1);

    /// <summary>The precision of matrix products.</summary>
    public Precision Precision { get; init; }

    /// <summary>Decides the weights and the order of the sequences.</summary>
    public long Seed { get; init; }

    /// <summary>How often held-out text is evaluated in a run, at even distances and at its end; 0 for never.</summary>
    public int Evaluations { get; init; } = 10;

    /// <summary>The most held-out tokens of each domain in an evaluation.</summary>
    public int EvaluationTokens { get; init; } = 20_000;

    /// <summary>Where to save, or null for never; a run that finds its own checkpoints there goes on.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>The steps between two checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 100;

    /// <summary>The loss; null takes <see cref="NextTokenLoss"/>.</summary>
    public nn.Module<Tensor, Tensor, Tensor>? Loss { get; init; }

    /// <summary>The training sequences in the order in which they are read; null shuffles all of them in every epoch. See <see cref="TrainingOptions.Order"/>.</summary>
    public Func<int, int[]>? Order { get; init; }

    /// <summary>Ends the run after this step, to go on later or in another way.</summary>
    public long? StopAfterStep { get; init; }

    /// <summary>Every how many steps the training loss is recorded; 0 chooses about 200 points.</summary>
    public int RecordEvery { get; init; }

    /// <summary>What else takes part in the training.</summary>
    public ImmutableArray<TrainerHook> Hooks { get; init; } = [];

    /// <summary>Hears where the run stands.</summary>
    public IProgress<PretrainingProgress>? Progress { get; init; }
}

/// <summary>Where a pretraining stands.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="TotalSteps">Steps of the whole run.</param>
/// <param name="Loss">The loss of the last step, nats per token.</param>
/// <param name="ValidationLoss">The newest loss on held-out text, or NaN.</param>
/// <param name="TokensPerSecond">The speed since the run began or went on.</param>
public readonly record struct PretrainingProgress(long Step, long TotalSteps, double Loss, double ValidationLoss, double TokensPerSecond);

/// <summary>What a pretraining ended with.</summary>
/// <param name="Trace">The curves: <c>train/loss</c>, <c>validation/loss</c> and <c>validation/loss/DOMAIN</c>.</param>
/// <param name="Steps">Steps done.</param>
/// <param name="Tokens">Tokens read.</param>
/// <param name="TokensPerSecond">The speed, evaluations left out.</param>
/// <param name="ResumedFrom">The step it went on from, or 0.</param>
/// <param name="Final">The last evaluation; null where nothing is held out.</param>
public sealed record PretrainingResult(TrainingTrace Trace, long Steps, long Tokens, double TokensPerSecond, long ResumedFrom, LanguageEvaluation? Final);

/// <summary>Trains a <see cref="Decoder"/> to predict the next token of a corpus: AdamW (β 0.9, 0.95), clipping at norm 1, checkpoints, bit-exact resume.</summary>
/// <param name="options">How to train.</param>
public sealed class Pretrainer(PretrainingOptions options)
{
    /// <summary>Trains the model in place.</summary>
    /// <param name="model">The model, whose context holds the corpus's sequences.</param>
    /// <param name="corpus">The corpus.</param>
    /// <param name="cancellation">Ends the run after the current step, with a checkpoint where those are kept.</param>
    /// <exception cref="ArgumentException">The corpus's sequences are longer than the context, or a token has no row in the model.</exception>
    public PretrainingResult Run(Decoder model, PackedCorpus corpus, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(corpus);
        if (corpus.Length > model.Config.Context)
            throw new ArgumentException($"the sequences have {corpus.Length} tokens, the model's context {model.Config.Context}", nameof(corpus));
        using var data = corpus.TrainingData(model.Config.Vocabulary, model.Embedding.device);
        var watch = new Watch(model, corpus, options);
        var result = new Trainer(new TrainingOptions
        {
            Epochs = options.Epochs,
            BatchSize = options.BatchSize,
            AccumulationSteps = options.AccumulationSteps,
            Optimizer = new AdamW(options.LearningRate, beta2: 0.95, weightDecay: options.WeightDecay, decayMatricesOnly: true),
            Schedule = options.Schedule,
            Loss = options.Loss ?? new NextTokenLoss(),
            Order = options.Order,
            StopAfterStep = options.StopAfterStep,
            RecordEvery = options.RecordEvery,
            ClipNorm = 1,
            Precision = options.Precision,
            Seed = options.Seed,
            Checkpoints = options.CheckpointFolder is null ? null : new CheckpointOptions(options.CheckpointFolder, EverySteps: options.CheckpointEvery),
        }, [watch, .. options.Hooks]).Fit(model, data, null, cancellation);
        return new PretrainingResult(result.Trace, result.Steps, result.Steps * options.BatchSize * corpus.Length, watch.TokensPerSecond, result.ResumedFrom, watch.Newest);
    }

    private sealed class Watch(Decoder model, PackedCorpus corpus, PretrainingOptions options) : TrainerHook
    {
        private readonly Stopwatch training = new();
        private long steps;

        public LanguageEvaluation? Newest { get; private set; }

        public double TokensPerSecond => steps * (double)options.BatchSize * corpus.Length / Math.Max(1e-9, training.Elapsed.TotalSeconds);

        public override void OnStart(TrainerState state)
        {
            // A run that was already whole has its evaluation all the same.
            if (options.Evaluations > 0 && state.Step == state.TotalSteps && !corpus.Held.IsEmpty)
                Newest = LanguageEvaluation.Of(model, corpus, options.EvaluationTokens);
            training.Start();
        }

        public override void OnStep(TrainerState state, double loss)
        {
            steps++;
            var every = Math.Max(1, state.TotalSteps / Math.Max(1, options.Evaluations));
            if (options.Evaluations > 0 && !corpus.Held.IsEmpty && (state.Step % every == 0 || state.Step == state.TotalSteps))
                Evaluate(state);
            options.Progress?.Report(new PretrainingProgress(state.Step, state.TotalSteps, loss, Newest?.Loss ?? double.NaN, TokensPerSecond));
        }

        private void Evaluate(TrainerState state)
        {
            training.Stop();
            model.eval();
            Newest = LanguageEvaluation.Of(model, corpus, options.EvaluationTokens);
            model.train();
            state.Record("validation/loss", Newest.Loss);
            foreach (var domain in Newest.Domains)
                state.Record($"validation/loss/{domain.Domain}", domain.Loss);
            training.Start();
        }
    }
}
