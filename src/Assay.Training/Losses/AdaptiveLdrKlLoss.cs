using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Assay.Statistics;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>A loss that keeps something for each training row: the trainer tells it which rows a batch is made of.</summary>
public interface IRowAwareLoss
{
    /// <summary>The rows of the next batch, (B) of int64, or null when they are no training rows.</summary>
    Tensor? Rows { set; }
}

/// <summary>
/// The adaptive label-distributionally robust loss (Zhu et al. 2023): every training row has a temperature λ_i of its own, a closed step of
/// alternating maximisation at each visit. With normalised scores f, q = softmax(f/λ_i) + 10⁻⁵ renormalised and
/// λ_i ← λ₀(1 − KL(q‖1/K)/(α log K)), held constant in the backward pass,
/// L_i = λ_i log((1/K) Σ_k exp(d_k/λ_i)) − (α log K/(2λ₀))(λ_i − λ₀)². Rows that the model is sure of get a small λ (sharp), doubtful ones
/// keep λ₀ (robust): the largest temperatures mark suspicious labels. λ stays in [λ₀(1 − 1/α), λ₀].
/// </summary>
[Method("aldr-kl", Paper = 78, Kind = MethodKind.Loss)]
public sealed class AdaptiveLdrKlLoss : ClassLoss, IRowAwareLoss
{
    private readonly double lambda0, margin, alpha, floor;
    private readonly ScoreNormalization normalize;
    private float[] temperatures;
    private long[]? rows;

    /// <summary>Creates the loss.</summary>
    /// <param name="rows">The number of training rows; 0 lets the table grow as rows are seen.</param>
    /// <param name="lambda0">λ₀, positive: from 0.1, 1, 10 by validation.</param>
    /// <param name="margin">c, 0 or more.</param>
    /// <param name="alpha">α, 1 or more.</param>
    /// <param name="normalize">How scores are rescaled.</param>
    /// <param name="floor">What is added to q before its divergence is taken; the released code's is 10⁻⁵.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range; below α = 1 a temperature could be negative.</exception>
    public AdaptiveLdrKlLoss(
        int rows = 0, double lambda0 = 10, double margin = 0.1, double alpha = 2, ScoreNormalization normalize = ScoreNormalization.MeanAbsolute, double floor = 1e-5)
        : base(nameof(AdaptiveLdrKlLoss))
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (!(lambda0 > 0) || !double.IsFinite(lambda0))
            throw new ArgumentOutOfRangeException(nameof(lambda0), lambda0, "a positive number was expected");
        if (!(alpha >= 1))
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "1 or more was expected: below, a temperature could be negative");
        if (!(floor >= 0))
            throw new ArgumentOutOfRangeException(nameof(floor), floor, "0 or more was expected");
        (this.lambda0, this.margin, this.alpha, this.normalize, this.floor) = (lambda0, MarginArguments.Check(margin), alpha, normalize, floor);
        CanGrow = rows == 0;
        temperatures = new float[rows];
        temperatures.AsSpan().Fill((float)lambda0);
    }

    /// <summary>λ_i of every training row; λ₀ for rows that were never visited.</summary>
    public ImmutableArray<float> Temperatures => [.. temperatures];

    private bool CanGrow { get; }

    /// <inheritdoc/>
    public Tensor? Rows
    {
        set => rows = value is null ? null : MemoryMarshal.Cast<byte, long>(value.cpu().contiguous().bytes).ToArray();
    }

    /// <summary>The loss of rows of the training data, whose temperatures it updates.</summary>
    /// <param name="scores">(B, K).</param>
    /// <param name="labels">(B) of int64.</param>
    /// <param name="rowIds">The rows' numbers, (B) of int64, each at most once.</param>
    public Tensor forward(Tensor scores, Tensor labels, Tensor rowIds)
    {
        ArgumentNullException.ThrowIfNull(rowIds);
        try
        {
            Rows = rowIds;
            return forward(scores, labels);
        }
        finally
        {
            rows = null;
        }
    }

    /// <inheritdoc/>
    protected override void Check(Tensor logits, Tensor target)
    {
        base.Check(logits, target);
        if (rows is null)
            return;
        if (rows.Length != logits.shape[0])
            throw new ArgumentException($"{rows.Length} row numbers for {logits.shape[0]} rows of scores", nameof(logits));
        if (rows.Min() < 0 || (!CanGrow && rows.Max() >= temperatures.Length))
            throw new ArgumentException($"row numbers from 0 to {temperatures.Length - 1} were expected, not {rows.Min()} to {rows.Max()}", nameof(logits));
        if (rows.Distinct().Count() != rows.Length)
            throw new ArgumentException("a row occurs twice in the batch", nameof(logits));
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        var k = logits.shape[1];
        var f = LdrKlLoss.Normalize(logits, normalize); // (B, K)
        var lambda = Update(f.detach(), Current(logits)); // (B, 1)
        var d = LdrKlLoss.Margins(f, target, margin);
        var smooth = d.div(lambda).logsumexp(1, keepdim: true).sub(Math.Log(k)).mul(lambda);
        return smooth.sub(lambda.sub(lambda0).square().mul(alpha * Math.Log(k) / (2 * lambda0))).mean();
    }

    private Tensor Current(Tensor logits)
    {
        if (rows is null)
            return full(logits.shape[0], 1, lambda0, dtype: logits.dtype, device: logits.device);
        var needed = (int)rows.Max() + 1;
        if (needed > temperatures.Length)
        {
            var seen = temperatures.Length;
            Array.Resize(ref temperatures, Math.Max(needed, Math.Min(2 * seen, int.MaxValue / 2)));
            temperatures.AsSpan(seen).Fill((float)lambda0);
        }
        return tensor(Array.ConvertAll(rows, r => temperatures[r])).to(logits.dtype).to(logits.device).unsqueeze(1);
    }

    private Tensor Update(Tensor f, Tensor current)
    {
        using var _ = no_grad();
        var k = f.shape[1];
        var q = nn.functional.softmax(f.div(current), 1).add(floor);
        q = q.div(q.sum([1], keepdim: true));
        var divergence = q.xlogy(q).sum([1], keepdim: true).add(Math.Log(k)); // KL(q ‖ 1/K)
        var lambda = divergence.div(-alpha * Math.Log(k)).add(1).mul(lambda0);
        // α = 1 with a certain row would reach 0.
        lambda = lambda.clamp_min(1e-4 * lambda0);
        if (rows is not null)
        {
            var values = lambda.to(ScalarType.Float32).cpu().contiguous().data<float>();
            for (var i = 0; i < rows.Length; i++)
                temperatures[rows[i]] = values[i];
        }
        return lambda;
    }
}
