using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>A loss that depends on how far the training is: the trainer tells it before every batch.</summary>
public interface IStepAwareLoss
{
    /// <summary>A step begins.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="total">The steps of the whole run.</param>
    void Begin(long step, long total);
}

/// <summary>
/// A loss that needs all samples of a step at once: where a batch is split into parts to save memory, the trainer first shows it every part
/// without gradients.
/// </summary>
public interface IWholeBatchLoss
{
    /// <summary>A new step's parts follow.</summary>
    void BeginBatch();

    /// <summary>One part of the step, in the order in which the parts are trained afterwards.</summary>
    void Collect(Tensor outputs, Tensor target);
}

/// <summary>What the weights of a batch were like.</summary>
/// <param name="Temperature">r.</param>
/// <param name="MeanLoss">The plain mean of the samples' losses.</param>
/// <param name="MinLoss">The smallest.</param>
/// <param name="MaxLoss">The largest.</param>
/// <param name="EffectiveSamples">1 / Σ w².</param>
/// <param name="LargestWeight">max w·B: how many times its equal share the heaviest sample counts.</param>
/// <param name="Correlation">Pearson's correlation of weight and loss; NaN where one does not vary.</param>
public readonly record struct ReweightingStatistics(double Temperature, double MeanLoss, double MinLoss, double MaxLoss, double EffectiveSamples, double LargestWeight, double Correlation);

/// <summary>
/// Dynamic loss-based sample reweighting (Sow et al. 2025): L = Σ_i w_i ℓ_i with weights from the samples' own losses
/// (<see cref="SampleReweighter"/>), through which no gradient flows. In evaluation (no gradients) it is the plain mean.
/// </summary>
[Method("loss-reweighting", Paper = 18, Kind = MethodKind.Loss)]
public sealed class ReweightedLoss : nn.Module<Tensor, Tensor, Tensor>, IClosedFormLoss, IRowAwareLoss, IStepAwareLoss, IWholeBatchLoss
{
    private readonly SampleReweighter reweighter;
    private readonly SampleLoss? given;
    private readonly List<float> collected = [];
    private readonly List<bool> collectedCounts = [];
    private readonly Dictionary<long, (double Sum, int Visits)> seen = [];
    private double[]? whole;
    private int consumed;
    private long[]? rows;
    private double temperature;

    /// <summary>Creates the loss from numbers, as a recipe does: cross-entropy for classes, the squared error for real values.</summary>
    /// <param name="strategy">The shape of the weights over the losses.</param>
    /// <param name="delta">δ, above 0.</param>
    /// <param name="temperature">r after the warm-up.</param>
    /// <param name="warmupTemperature">r during the warm-up.</param>
    /// <param name="warmup">The warm-up's share of the run.</param>
    /// <param name="ramp">The share of the run over which r falls; 0 drops at once.</param>
    public ReweightedLoss(
        ReweightingStrategy strategy = ReweightingStrategy.LinUpper, double delta = 1, double temperature = 0.4, double warmupTemperature = 100, double warmup = 0.1, double ramp = 0)
        : this(new SampleReweighter(strategy, delta, temperature, warmupTemperature, warmup, ramp), null)
    {
    }

    private ReweightedLoss(SampleReweighter reweighter, SampleLoss? loss) : base(nameof(ReweightedLoss))
    {
        (this.reweighter, given) = (reweighter, loss);
        temperature = reweighter.Temperature(long.MaxValue / 4, 1);
    }

    /// <summary>Creates the loss around any loss of single samples.</summary>
    /// <param name="loss">The samples' losses.</param>
    /// <param name="reweighter">Gives the weights; null takes the defaults.</param>
    public static ReweightedLoss Over(SampleLoss loss, SampleReweighter? reweighter = null)
    {
        ArgumentNullException.ThrowIfNull(loss);
        return new ReweightedLoss(reweighter ?? new SampleReweighter(), loss);
    }

    /// <summary>The weights of the newest batch.</summary>
    public ReweightingStatistics Newest { get; private set; }

    /// <inheritdoc/>
    public Tensor? Rows
    {
        set => rows = value is null ? null : value.cpu().contiguous().data<long>().ToArray();
    }

    /// <inheritdoc/>
    public void Begin(long step, long total) => (temperature, whole) = (reweighter.Temperature(step, total), null);

    /// <inheritdoc/>
    public void BeginBatch()
    {
        collected.Clear();
        collectedCounts.Clear();
        (whole, consumed) = ([], 0);
    }

    /// <inheritdoc/>
    public void Collect(Tensor outputs, Tensor target)
    {
        var loss = LossFor(target);
        using var scope = NewDisposeScope();
        var values = loss.PerSample(outputs, target).to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        collected.AddRange(values);
        collectedCounts.AddRange(loss.Counted(target) ?? [.. Enumerable.Repeat(true, values.Length)]);
    }

    /// <summary>The weighted loss of a batch.</summary>
    /// <param name="outputs">(B, …).</param>
    /// <param name="target">(B, …).</param>
    /// <exception cref="ArgumentException">A sample's loss is not finite; the message names it.</exception>
    public override Tensor forward(Tensor outputs, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        var loss = LossFor(target);
        var losses = loss.PerSample(outputs, target);
        var counted = loss.Counted(target);
        if (!is_grad_enabled())
        {
            // Evaluation: the plain mean over the samples that count.
            var share = counted is null ? 1.0 / losses.numel() : 1.0 / Math.Max(1, counted.Count(c => c));
            var mask = counted is null ? null : tensor(counted).to(losses.device);
            return (mask is null ? losses : losses.masked_fill(mask.logical_not(), 0)).sum().mul(share).MoveToOuterDisposeScope();
        }
        var weights = Weigh(losses.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray(), counted);
        var all = tensor(weights).to(losses.dtype).to(losses.device);
        return losses.nan_to_num().mul(all).sum().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        var loss = LossFor(target);
        var (losses, gradient) = loss.WithGradient(logits, target);
        var weights = Weigh(losses, loss.Counted(target));
        var total = 0.0;
        for (var i = 0; i < losses.Length; i++)
            total += weights[i] == 0 ? 0 : weights[i] * losses[i];
        return (total, gradient(weights));
    }

    /// <summary>How much each training row counted: visits, and the mean of w·B (1 is an equal share). Rows never visited are left out.</summary>
    public ImmutableArray<(long Row, int Visits, double MeanShare)> RowShares() =>
        [.. seen.OrderBy(s => s.Key).Select(s => (s.Key, s.Value.Visits, s.Value.Sum / s.Value.Visits))];

    private SampleLoss LossFor(Tensor target) => given ?? (target.dtype == ScalarType.Int64 ? new SampleCrossEntropy() : new SampleSquaredError());

    private float[] Weigh(float[] losses, bool[]? counted)
    {
        double[] weights;
        if (whole is null)
        {
            weights = reweighter.Weights(losses, temperature, counted);
        }
        else
        {
            // A part of a batch: its slice of the whole's weights. The trainer multiplies a part by its share of the batch, which is undone here.
            if (whole.Length == 0)
                whole = reweighter.Weights(collected.ToArray(), temperature, collectedCounts.ToArray());
            weights = whole.AsSpan(consumed, losses.Length).ToArray();
            for (var i = 0; i < weights.Length; i++)
                weights[i] *= (double)whole.Length / losses.Length;
            consumed += losses.Length;
        }
        Note(losses, weights, counted);
        return Array.ConvertAll(weights, w => (float)w);
    }

    private void Note(float[] losses, double[] weights, bool[]? counted)
    {
        var which = Enumerable.Range(0, losses.Length).Where(i => counted is null || counted[i]).ToArray();
        if (which.Length == 0)
            return;
        var (l, w) = (which.Select(i => (double)losses[i]).ToArray(), which.Select(i => weights[i]).ToArray());
        Newest = new ReweightingStatistics(
            temperature, l.Average(), l.Min(), l.Max(), w.Sum() * w.Sum() / w.Sum(x => x * x), w.Max() * w.Length / w.Sum(), Correlation.Pearson(w, l));
        if (rows is null || rows.Length != losses.Length)
            return;
        foreach (var i in which)
        {
            var (sum, visits) = seen.GetValueOrDefault(rows[i]);
            seen[rows[i]] = (sum + weights[i] * which.Length, visits + 1);
        }
    }
}

/// <summary>Records what a <see cref="ReweightedLoss"/> does: curves <c>reweighting/temperature</c>, <c>/effective-samples</c>, <c>/largest-weight</c>, <c>/correlation</c>.</summary>
/// <param name="loss">The run's loss.</param>
public sealed class ReweightingRecorder(ReweightedLoss loss) : TrainerHook
{
    /// <inheritdoc/>
    public override void OnStep(TrainerState state, double _)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Step % Math.Max(1, state.TotalSteps / 200) != 0)
            return;
        state.Record("reweighting/temperature", loss.Newest.Temperature);
        state.Record("reweighting/effective-samples", loss.Newest.EffectiveSamples);
        state.Record("reweighting/largest-weight", loss.Newest.LargestWeight);
        if (double.IsFinite(loss.Newest.Correlation))
            state.Record("reweighting/correlation", loss.Newest.Correlation);
    }
}
