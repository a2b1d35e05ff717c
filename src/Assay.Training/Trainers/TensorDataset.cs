using System.Collections.Immutable;
using Assay.Data;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>A dataset as two tensors on one device: batches are taken from it by index, without copying rows in C#.</summary>
public sealed class TensorDataset : IDisposable
{
    /// <summary>Wraps tensors; the dataset owns them.</summary>
    /// <param name="inputs">(n, …), single-precision.</param>
    /// <param name="targets">(n): class numbers as int64, or real values as single-precision.</param>
    /// <param name="outputs">The number of classes; 1 for regression.</param>
    /// <exception cref="ArgumentException">The tensors' lengths differ, they are empty, or a class number is out of range.</exception>
    public TensorDataset(Tensor inputs, Tensor targets, int outputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(targets);
        if (inputs.shape[0] != targets.shape[0])
            throw new ArgumentException($"{inputs.shape[0]} inputs but {targets.shape[0]} targets");
        if (inputs.shape[0] == 0)
            throw new ArgumentException("the dataset is empty", nameof(inputs));
        if (targets.dtype == ScalarType.Int64)
        {
            using var least = targets.min();
            using var most = targets.max();
            if (least.item<long>() < 0 || most.item<long>() >= outputs)
                throw new ArgumentException($"class numbers reach from {least.item<long>()} to {most.item<long>()}, but the model has {outputs} outputs", nameof(targets));
        }
        Inputs = inputs.DetachFromDisposeScope();
        Targets = targets.DetachFromDisposeScope();
        Outputs = outputs;
    }

    /// <summary>The inputs, (n, …).</summary>
    public Tensor Inputs { get; }

    /// <summary>The targets, (n).</summary>
    public Tensor Targets { get; }

    /// <summary>The number of outputs that a model for this data needs: classes, or 1 for regression.</summary>
    public int Outputs { get; }

    /// <summary>The number of examples.</summary>
    public int Count => (int)Inputs.shape[0];

    /// <summary>Whether the targets are classes.</summary>
    public bool IsClassification => Targets.dtype == ScalarType.Int64;

    /// <summary>The shape of one example.</summary>
    public ImmutableArray<int> FeatureShape => [.. Inputs.shape.Skip(1).Select(d => (int)d)];

    /// <summary>Copies a dataset's features and its labels, or its targets where it has no labels, to a device.</summary>
    /// <exception cref="InvalidOperationException">The dataset has no features, or neither labels nor targets.</exception>
    public static TensorDataset From(Dataset dataset, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        TorchRuntime.EnsureLoaded();
        var features = dataset.RequireFeatures();
        var shape = dataset.FeatureShape.IsDefaultOrEmpty ? [features.Columns] : dataset.FeatureShape;
        using var scope = NewDisposeScope();
        var inputs = tensor(features.Values.ToArray(), [features.Rows, .. shape.Select(d => (long)d)]).to(device ?? CPU);
        var targets = dataset switch
        {
            { HasLabels: true } => tensor(dataset.Labels.Select(l => (long)l).ToArray()),
            { HasTargets: true } => tensor(dataset.Targets.ToArray()),
            _ => throw new InvalidOperationException($"dataset '{dataset.Name}' has neither labels nor targets"),
        };
        return new TensorDataset(inputs, targets.to(device ?? CPU), dataset.HasLabels ? dataset.ClassCount : 1);
    }

    /// <summary>The examples of the given rows.</summary>
    /// <param name="rows">Row numbers, int64.</param>
    public (Tensor Inputs, Tensor Targets) Batch(Tensor rows) => (Inputs.index_select(0, rows), Targets.index_select(0, rows));

    /// <summary>The given rows as a dataset of their own, in that order.</summary>
    public TensorDataset Subset(ReadOnlySpan<int> rows)
    {
        using var scope = NewDisposeScope();
        var (inputs, targets) = Batch(tensor(rows.ToArray().Select(r => (long)r).ToArray()).to(Inputs.device));
        return new TensorDataset(inputs, targets, Outputs);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Inputs.Dispose();
        Targets.Dispose();
    }
}
