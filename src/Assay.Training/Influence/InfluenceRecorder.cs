using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Assay.Statistics;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>What <see cref="InfluenceRecorder"/> records.</summary>
public sealed record InfluenceRecorderOptions
{
    /// <summary>The scores; all that one training gives by default (all but PVI, which needs models that did not train on an example).</summary>
    public ImmutableArray<InfluenceScore> Scores { get; init; } =
        [InfluenceScore.Vog, InfluenceScore.El2n, InfluenceScore.Grand, InfluenceScore.Forgetting, InfluenceScore.Margin, InfluenceScore.TracIn, InfluenceScore.Loss, InfluenceScore.Confidence];

    /// <summary>K: after how many epochs, evenly spread, the whole data is looked at in evaluation mode; at most one look an epoch.</summary>
    public int Checkpoints { get; init; } = 10;

    /// <summary>The checkpoint, from 1, whose outputs give EL2N and GraNd; 0 takes the first at or after a tenth of the epochs.</summary>
    public int EarlyCheckpoint { get; init; }
}

/// <summary>
/// Records scores of every training example during any training (Influence Scores at Scale, 2023, and the original papers of each
/// score). Margin, loss and forgetting come from the outputs that training computes anyway; the rest from K looks at the whole data in
/// evaluation mode, without dropout. Give it to <see cref="Trainer"/>; ask <see cref="Scores"/> afterwards. A resumed run ends with the
/// same scores.
/// </summary>
/// <param name="options">What to record; null takes the defaults.</param>
[Method("influence-recorder", Paper = 77, Kind = MethodKind.Diagnostic)]
public sealed class InfluenceRecorder(InfluenceRecorderOptions? options = null) : TrainerHook, IDisposable
{
    private const int Block = 1024;
    private readonly InfluenceRecorderOptions options = Checked(options ?? new InfluenceRecorderOptions());
    private readonly HashSet<InfluenceScore> wanted = [.. (options ?? new InfluenceRecorderOptions()).Scores];
    private GradientVariance? variance;
    private double[] values = [];
    private int[] labels = [];
    private int looks, early;
    private bool isResumed;
    private Tensor? savedValues, savedLooks;

    // Columns of values: one number for each example and quantity.
    private const int MarginSum = 0, LossSum = 1, Seen = 2, Forgotten = 3, State = 4, El2n = 5, Grand = 6, TracIn = 7, ConfidenceSum = 8, Columns = 9;
    private const double Unseen = 0, Wrong = 1, Right = 2, EverRight = 4;

    /// <inheritdoc/>
    public override bool WantsOutputs => wanted.Overlaps([InfluenceScore.Margin, InfluenceScore.Loss, InfluenceScore.Forgetting]);

    /// <inheritdoc/>
    public override void OnStart(TrainerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var data = state.Data;
        if (!data.IsClassification && wanted.Where(InfluenceScores.NeedsClasses).ToArray() is { Length: > 0 } needing)
            throw new ArgumentException($"{string.Join(", ", needing)}: these scores need classes, and the targets are real values");
        early = options.EarlyCheckpoint > 0 ? Math.Min(options.EarlyCheckpoint, Due(state).Count) : 1 + Due(state).TakeWhile(e => 10 * (e + 1) < state.Options.Epochs).Count();
        using var classes = data.Targets.cpu();
        labels = data.IsClassification ? [.. classes.data<long>().ToArray().Select(l => (int)l)] : [];
        if (isResumed && values.Length == data.Count * Columns)
            return;
        values = new double[data.Count * Columns];
        looks = 0;
        variance?.Dispose();
        variance = wanted.Contains(InfluenceScore.Vog) ? new GradientVariance(data.Count, data.Inputs.numel() / data.Count) : null;
    }

    /// <inheritdoc/>
    public override void OnOutputs(TrainerState state, in TrainingBatch batch, Tensor outputs)
    {
        ArgumentNullException.ThrowIfNull(state);
        using var scope = NewDisposeScope();
        var z = Floats(outputs);
        var rows = batch.Rows.cpu().contiguous();
        var r = MemoryMarshal.Cast<byte, long>(rows.bytes);
        var k = z.Length / r.Length;
        if (labels.Length == 0)
        {
            var y = Floats(batch.Targets);
            for (var i = 0; i < r.Length; i++)
                Value((int)r[i], LossSum) += (z[i] - y[i]) * (z[i] - y[i]);
        }
        else
        {
            for (var i = 0; i < r.Length; i++)
                Look((int)r[i], z.Slice(i * k, k));
        }
        foreach (var row in r)
            Value((int)row, Seen)++;
    }

    private void Look(int row, ReadOnlySpan<float> z)
    {
        var label = labels[row];
        var (own, other) = (z[label], float.NegativeInfinity);
        for (var k = 0; k < z.Length; k++)
        {
            if (k != label && z[k] > other)
                other = z[k];
        }
        var margin = z.Length > 1 ? own - other : own;
        Value(row, MarginSum) += margin;
        var max = Math.Max(own, other);
        var sum = 0.0;
        foreach (var v in z)
            sum += Math.Exp(v - max);
        Value(row, LossSum) += Math.Log(sum) - (own - max);
        // Right where the true class's score is the first of the largest, as argmax decides.
        var isRight = margin > 0 || (margin == 0 && TensorPrimitives.IndexOfMax(z) == label);
        ref var state = ref Value(row, State);
        var before = state % EverRight;
        if (before == Right && !isRight)
            Value(row, Forgotten)++;
        state = (isRight ? Right : Wrong) + (isRight || state >= EverRight ? EverRight : 0);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (Due(state).Contains(state.Epoch) && wanted.Overlaps([InfluenceScore.Vog, InfluenceScore.El2n, InfluenceScore.Grand, InfluenceScore.TracIn, InfluenceScore.Confidence]))
            LookAtAll(state);
    }

    private void LookAtAll(TrainerState state)
    {
        looks++;
        variance?.Begin();
        var training = state.Model.training;
        state.Model.eval();
        using var last = new LastLayerFeatures(state.Model);
        for (long start = 0; start < state.Data.Count; start += Block)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(Block, state.Data.Count - start);
            var inputs = state.Data.Inputs.narrow(0, start, length);
            var targets = state.Data.Targets.narrow(0, start, length);
            if (variance is null)
            {
                using var _ = no_grad();
                var (features, outputs) = last.Run(inputs);
                Take(state, (int)start, features, outputs, targets);
            }
            else
            {
                var leaf = inputs.detach().requires_grad_();
                var (features, outputs) = last.Run(leaf);
                var own = labels.Length > 0 ? outputs.gather(1, targets.unsqueeze(1)) : outputs; // (b, 1): the true class's logit
                // Only the input's gradient is computed: the weights' are left out and untouched.
                var gradient = autograd.grad([own.sum()], [leaf])[0];
                variance.Add(start, gradient.reshape(length, -1));
                Take(state, (int)start, features?.detach(), outputs.detach(), targets);
            }
        }
        state.Model.train(training);
    }

    // ‖∂ℓ/∂(W, b)‖² of the last layer is ‖∂ℓ/∂z‖²·(‖h‖² + 1): one forward pass, no backward pass.
    private void Take(TrainerState state, int start, Tensor? features, Tensor outputs, Tensor targets)
    {
        if (features is null && wanted.Overlaps([InfluenceScore.Grand, InfluenceScore.TracIn]))
            throw new ArgumentException($"the features under the last layer of {state.Model.GetName()} cannot be reached: let it implement {nameof(IFeatureExtractor)}, or leave out Grand and TracIn");
        var z = Floats(outputs);
        var norms = features is null ? default : Floats(features.square().sum([1]));
        var count = (int)outputs.shape[0];
        var k = z.Length / count;
        var y = labels.Length > 0 ? default : Floats(targets);
        var p = new double[k];
        for (var i = 0; i < count; i++)
        {
            var row = start + i;
            double error; // ‖∂ℓ/∂z‖
            if (labels.Length == 0)
            {
                var residual = (double)z[i] - y[i];
                error = 2 * Math.Abs(residual);
                if (looks == early)
                    Value(row, El2n) = residual * residual;
            }
            else
            {
                Softmax(z.Slice(i * k, k), p);
                error = InfluenceScores.El2n(p, labels[row]);
                Value(row, ConfidenceSum) += p[labels[row]];
                if (looks == early)
                    Value(row, El2n) = error;
            }
            var norm = norms.IsEmpty ? 0 : error * Math.Sqrt(norms[i] + 1);
            if (looks == early)
                Value(row, Grand) = norm;
            Value(row, TracIn) += state.Optimizer.LearningRate * norm * norm;
        }
    }

    /// <summary>The scores of every example, in the order of the training data.</summary>
    /// <exception cref="InvalidOperationException">Nothing was recorded yet.</exception>
    public ImmutableDictionary<InfluenceScore, ImmutableArray<double>> Scores
    {
        get
        {
            if (values.Length == 0)
                throw new InvalidOperationException("nothing was recorded: give the recorder to a training first");
            var scores = ImmutableDictionary.CreateBuilder<InfluenceScore, ImmutableArray<double>>();
            foreach (var score in wanted)
            {
                scores.Add(score, score switch
                {
                    InfluenceScore.Vog => [.. variance!.Scores()],
                    InfluenceScore.El2n => Column(row => Value(row, El2n)),
                    InfluenceScore.Grand => Column(row => Value(row, Grand)),
                    InfluenceScore.TracIn => Column(row => Value(row, TracIn)),
                    InfluenceScore.Margin => Column(row => Value(row, MarginSum) / Math.Max(1, Value(row, Seen))),
                    InfluenceScore.Loss => Column(row => Value(row, LossSum) / Math.Max(1, Value(row, Seen))),
                    InfluenceScore.Confidence => Column(row => Value(row, ConfidenceSum) / Math.Max(1, looks)),
                    InfluenceScore.Forgetting => Column(row => Value(row, State) >= EverRight ? Value(row, Forgotten) : Value(row, Seen) + 1),
                    _ => throw new InvalidOperationException($"{score} is not recorded during a training"),
                });
            }
            return scores.ToImmutable();
        }
    }

    private ImmutableArray<double> Column(Func<int, double> value) => [.. Enumerable.Range(0, values.Length / Columns).Select(value)];

    private ref double Value(int row, int column) => ref values[row * Columns + column];

    // K epochs, the last one among them, evenly spread.
    private SortedSet<int> Due(TrainerState state)
    {
        var epochs = state.Options.Epochs;
        var k = Math.Min(options.Checkpoints, epochs);
        return [.. Enumerable.Range(1, k).Select(i => (int)((long)i * epochs / k) - 1)];
    }

    private static void Softmax(ReadOnlySpan<float> z, double[] p)
    {
        var max = (double)TensorPrimitives.Max(z);
        var sum = 0.0;
        for (var k = 0; k < p.Length; k++)
            sum += p[k] = Math.Exp(z[k] - max);
        for (var k = 0; k < p.Length; k++)
            p[k] /= sum;
    }

    private static ReadOnlySpan<float> Floats(Tensor tensor)
    {
        var plain = tensor.detach().cpu().to(ScalarType.Float32).contiguous();
        return MemoryMarshal.Cast<byte, float>(plain.bytes);
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Value)> SaveState()
    {
        savedValues?.Dispose();
        savedLooks?.Dispose();
        savedValues = tensor(values).DetachFromDisposeScope();
        savedLooks = tensor(new[] { (long)looks }).DetachFromDisposeScope();
        return [("values", savedValues), ("looks", savedLooks), .. variance?.State ?? []];
    }

    /// <inheritdoc/>
    public override void LoadState(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        values = state["values"].data<double>().ToArray();
        looks = (int)state["looks"].item<long>();
        isResumed = true;
        if (!state.TryGetValue("vog.mean", out var mean))
            return;
        variance?.Dispose();
        variance = new GradientVariance(mean.shape[0], mean.shape[1]);
        variance.Load(state, looks);
    }

    private static InfluenceRecorderOptions Checked(InfluenceRecorderOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Checkpoints);
        ArgumentOutOfRangeException.ThrowIfNegative(options.EarlyCheckpoint);
        if (options.Scores.IsDefaultOrEmpty)
            throw new ArgumentException("at least one score was expected", nameof(options));
        if (options.Scores.FirstOrDefault(s => s is InfluenceScore.Pvi or InfluenceScore.Random, (InfluenceScore)(-1)) is >= 0 and var other)
            throw new ArgumentException($"{other} does not come from one training: InfluenceRun computes it", nameof(options));
        return options;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        variance?.Dispose();
        savedValues?.Dispose();
        savedLooks?.Dispose();
    }
}
