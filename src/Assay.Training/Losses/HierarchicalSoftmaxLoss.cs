using Assay.Statistics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// A two-level hierarchical softmax (Goodman 2001): classes are ordered by frequency into about √K clusters, and
/// p(y | h) = softmax(A h + a)[cluster(y)] · softmax(C_y h + c_y)[place of y in its cluster]; the loss is −log p, the mean over the batch,
/// at O(√K d) an example. It owns the output layer, so it takes hidden features instead of scores and its parameters must be trained
/// with the model's.
/// </summary>
public sealed class HierarchicalSoftmaxLoss : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Parameter clusterWeight, clusterBias, classWeight, classBias;
    private readonly Tensor clusterOf, placeOf, padding;
    private readonly long clusters, width;

    /// <summary>Creates the layer.</summary>
    /// <param name="features">d.</param>
    /// <param name="frequencies">How often each class occurs (K): clusters hold classes of like frequency.</param>
    /// <param name="random">Draws the weights.</param>
    public HierarchicalSoftmaxLoss(int features, ReadOnlySpan<double> frequencies, SeededRandom random) : base(nameof(HierarchicalSoftmaxLoss))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(features);
        ArgumentOutOfRangeException.ThrowIfLessThan(frequencies.Length, 2, nameof(frequencies));
        ArgumentNullException.ThrowIfNull(random);
        TorchRuntime.EnsureLoaded();
        var classes = frequencies.Length;
        width = (long)Math.Ceiling(Math.Sqrt(classes));
        clusters = (classes + width - 1) / width;
        var negated = frequencies.ToArray();
        var order = new int[classes];
        for (var i = 0; i < classes; i++)
            (order[i], negated[i]) = (i, -negated[i]);
        Array.Sort(negated, order);
        var place = new long[classes];
        for (var rank = 0; rank < classes; rank++)
            place[order[rank]] = rank;
        clusterOf = tensor(Array.ConvertAll(place, p => p / width)).DetachFromDisposeScope();
        placeOf = tensor(Array.ConvertAll(place, p => p % width)).DetachFromDisposeScope();
        // The last cluster may be short: its empty places get no probability.
        padding = zeros(clusters, width).DetachFromDisposeScope();
        for (var p = classes; p < clusters * width; p++)
            padding[p / width, p % width] = -1e9f;
        clusterWeight = Weight("cluster-weight", clusters, features, random);
        clusterBias = new Parameter(zeros(clusters));
        classWeight = Weight("class-weight", clusters * width, features, random);
        classBias = new Parameter(zeros(clusters, width));
        register_parameter("cluster-bias", clusterBias);
        register_parameter("class-bias", classBias);
    }

    /// <summary>The loss.</summary>
    /// <param name="hidden">Features (B, d).</param>
    /// <param name="target">Class numbers, (B) of int64.</param>
    public override Tensor forward(Tensor hidden, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        ArgumentNullException.ThrowIfNull(target);
        LossArguments.CheckRows(hidden, target);
        LossArguments.CheckLabels(target, clusterOf.shape[0]);
        using var scope = NewDisposeScope();
        var cluster = clusterOf.index_select(0, target); // (B)
        var first = nn.functional.log_softmax(nn.functional.linear(hidden, clusterWeight, clusterBias), 1).gather(1, cluster.unsqueeze(1));
        var weights = classWeight.view(clusters, width, -1).index_select(0, cluster); // (B, width, d)
        var inside = weights.matmul(hidden.unsqueeze(2)).squeeze(2).add(classBias.index_select(0, cluster)).add(padding.index_select(0, cluster)); // (B, width)
        var second = nn.functional.log_softmax(inside, 1).gather(1, placeOf.index_select(0, target).unsqueeze(1));
        return first.add(second).mean().neg().MoveToOuterDisposeScope();
    }

    /// <summary>The log-probabilities of all classes, (B, K).</summary>
    public Tensor LogProbabilities(Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        using var scope = NewDisposeScope();
        var first = nn.functional.log_softmax(nn.functional.linear(hidden, clusterWeight, clusterBias), 1); // (B, clusters)
        var all = nn.functional.linear(hidden, classWeight).view(-1, clusters, width).add(classBias).add(padding);
        var joint = nn.functional.log_softmax(all, 2).add(first.unsqueeze(2)).flatten(1); // (B, clusters · width)
        return joint.index_select(1, clusterOf.mul(width).add(placeOf)).MoveToOuterDisposeScope();
    }

    private Parameter Weight(string name, long rows, int features, SeededRandom random)
    {
        var weight = new Parameter(empty(rows, features));
        Initialization.FanInUniform(weight, features, random);
        register_parameter(name, weight);
        return weight;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            clusterOf.Dispose();
            placeOf.Dispose();
            padding.Dispose();
        }
        base.Dispose(disposing);
    }
}
