using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Makes every batch normalisation of a finished model normalise ghost batches, whoever wrote the model: hooks on its
/// <see cref="BatchNorm"/> modules take over in training, so that parameters, buffers, their names and checkpoints stay as they are.
/// Disposing gives the model back. A module that its model calls by <c>forward</c> instead of <c>call</c> is out of reach of hooks;
/// <see cref="Calls"/> shows whether they fire.
/// </summary>
public sealed class GhostBatchNormSurgery : IDisposable
{
    private readonly List<Action> removals = [];
    private readonly int ghostSize;
    private long calls;

    private GhostBatchNormSurgery(int ghostSize) => this.ghostSize = ghostSize;

    /// <summary>The number of normalisations that were changed; 0 for a model without any, on which this does nothing.</summary>
    public int Count { get; private set; }

    /// <summary>How often a changed normalisation ran in training.</summary>
    public long Calls => Interlocked.Read(ref calls);

    /// <summary>Changes a model.</summary>
    /// <param name="model">The model; frozen, or already ghost-normalising layers are left as they are.</param>
    /// <param name="ghostSize">The examples of a ghost batch, 1 or more.</param>
    public static GhostBatchNormSurgery Attach(nn.Module model, int ghostSize)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ghostSize);
        var surgery = new GhostBatchNormSurgery(ghostSize);
        foreach (var norm in model.modules().OfType<BatchNorm>().Where(n => n is not GhostBatchNormLayer))
            surgery.Change(norm);
        return surgery;
    }

    // The module's own forward cannot be skipped, but it can be given one example in evaluation mode, which costs next to nothing and
    // touches no statistics; its output is then replaced.
    private void Change(BatchNorm norm)
    {
        Tensor? batch = null;
        var before = norm.register_forward_pre_hook((_, input) =>
        {
            batch = null;
            if (!norm.training || input.shape[0] == 0)
                return input;
            batch = input;
            norm.eval();
            using var off = no_grad();
            return input.narrow(0, 0, 1);
        });
        var after = norm.register_forward_hook((_, _, output) =>
        {
            if (batch is not { } whole)
                return output;
            batch = null;
            norm.train();
            output.Dispose();
            Interlocked.Increment(ref calls);
            return GhostBatchNorm.Normalize(whole, ghostSize, norm.weight, norm.bias, norm.running_mean, norm.running_var, norm.momentum ?? 0.1, norm.eps);
        });
        removals.Add(before.remove);
        removals.Add(after.remove);
        Count++;
    }

    /// <summary>Takes the hooks away: the model normalises whole batches again.</summary>
    public void Dispose()
    {
        foreach (var remove in removals)
            remove();
        removals.Clear();
    }
}

/// <summary>
/// Ghost Batch Normalisation (Hoffer, Hubara and Soudry 2017) put into any architecture that has batch normalisation:
/// <c>ghost-batch-norm(cnn(32, 64), ghostSize: 64)</c>.
/// </summary>
/// <param name="model">The architecture, for example <c>cnn(32, 64)</c> or <c>mlp-bn(512, 512)</c>.</param>
/// <param name="ghostSize">The examples of a ghost batch, 1 or more.</param>
[Method("ghost-batch-norm", Paper = 87, Kind = MethodKind.Model)]
public sealed class GhostBatchNormSpec(ModelSpec model, int ghostSize = 128) : ModelSpec
{
    private readonly ModelSpec model = model ?? throw new ArgumentNullException(nameof(model));
    private readonly int ghostSize = ghostSize > 0 ? ghostSize : throw new ArgumentOutOfRangeException(nameof(ghostSize), ghostSize, "1 or more was expected");

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The architecture has no batch normalisation.</exception>
    public override nn.Module<Tensor, Tensor> Build(ImmutableArray<int> featureShape, int outputs, SeededRandom random)
    {
        var built = model.Build(featureShape, outputs, random);
        // The hooks live as long as the model's own modules hold them.
        if (GhostBatchNormSurgery.Attach(built, ghostSize).Count > 0)
            return built;
        built.Dispose();
        throw new ArgumentException("the model has no batch normalisation to change: take one that has, as cnn(32, 64) or mlp-bn(512)", nameof(featureShape));
    }
}
