using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>Hears of the outputs of every part of a batch in training.</summary>
internal delegate void OutputObserver(in TrainingBatch part, Tensor outputs);

/// <summary>Computes the gradients of one batch, by closed form where model and loss have one, else by autograd, and evaluates.</summary>
internal sealed class GradientStep
{
    private const int EvaluationBatch = 1024;
    private readonly nn.Module<Tensor, Tensor> model;
    private readonly nn.Module<Tensor, Tensor, Tensor> loss;
    private readonly IClosedFormGradients? closedModel;
    private readonly IClosedFormLoss? closedLoss;
    private readonly int parts;
    private readonly OutputObserver? observer;

    public GradientStep(nn.Module<Tensor, Tensor> model, nn.Module<Tensor, Tensor, Tensor> loss, TrainingOptions options, OutputObserver? observer = null)
    {
        (this.model, this.loss, parts, this.observer) = (model, loss, options.AccumulationSteps, observer);
        if (options.Precision == Precision.Bf16)
        {
            if (model is not IMixedPrecision mixed)
                throw new ArgumentException($"model {model.GetName()} cannot train in bf16: it does not implement {nameof(IMixedPrecision)}");
            mixed.ComputeType = ScalarType.BFloat16;
        }
        if (options.AllowClosedForm && model is IClosedFormGradients { HasClosedForm: true } m && loss is IClosedFormLoss l)
            (closedModel, closedLoss) = (m, l);
    }

    /// <summary>The loss.</summary>
    public nn.Module<Tensor, Tensor, Tensor> Loss => loss;

    /// <summary>Leaves the gradient of the batch's mean loss in the parameters' <c>grad</c>, which hold zeros before.</summary>
    public double Compute(in TrainingBatch batch)
    {
        var count = batch.Inputs.shape[0];
        var size = (count + parts - 1) / parts;
        var total = 0.0;
        if (parts > 1 && loss is IWholeBatchLoss whole)
            ShowWholeBatch(whole, batch, size);
        for (long start = 0; start < count; start += size)
        {
            var length = Math.Min(size, count - start);
            var inputs = parts == 1 ? batch.Inputs : batch.Inputs.narrow(0, start, length);
            var targets = parts == 1 ? batch.Targets : batch.Targets.narrow(0, start, length);
            var rows = parts == 1 ? batch.Rows : batch.Rows.narrow(0, start, length);
            if (loss is IRowAwareLoss aware)
                aware.Rows = rows;
            // A part weighs as much as its share of the batch, so that the sum is the whole batch's mean.
            total += (double)length / count * ComputePart(new TrainingBatch(inputs, targets, rows), (double)length / count, accumulate: start > 0);
        }
        return total;
    }

    private void ShowWholeBatch(IWholeBatchLoss whole, in TrainingBatch batch, long size)
    {
        using var _ = no_grad();
        whole.BeginBatch();
        for (long start = 0; start < batch.Inputs.shape[0]; start += size)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(size, batch.Inputs.shape[0] - start);
            whole.Collect(model.call(batch.Inputs.narrow(0, start, length)), batch.Targets.narrow(0, start, length));
        }
    }

    private double ComputePart(TrainingBatch part, double weight, bool accumulate)
    {
        using var scope = NewDisposeScope();
        if (closedModel is null)
        {
            var outputs = model.call(part.Inputs);
            observer?.Invoke(part, outputs.detach());
            var value = loss.call(outputs, part.Targets);
            (weight == 1 ? value : value.mul(weight)).backward();
            return value.ToDouble();
        }
        var mean = 0.0;
        closedModel.Backward(part.Inputs, logits =>
        {
            observer?.Invoke(part, logits);
            (mean, var gradient) = closedLoss!.LossAndGradient(logits, part.Targets);
            return weight == 1 ? gradient : gradient.mul_(weight);
        }, accumulate);
        return mean;
    }

    /// <summary>The mean loss and accuracy over a dataset, in evaluation mode.</summary>
    public EvaluationResult Evaluate(TensorDataset data)
    {
        var training = model.training;
        model.eval();
        if (loss is IRowAwareLoss aware)
            aware.Rows = null;
        using var _ = no_grad();
        var (total, right) = (0.0, 0L);
        for (long start = 0; start < data.Count; start += EvaluationBatch)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(EvaluationBatch, data.Count - start);
            var outputs = model.call(data.Inputs.narrow(0, start, length));
            var targets = data.Targets.narrow(0, start, length);
            total += length * loss.call(outputs, targets).ToDouble();
            if (data.IsClassification)
                right += outputs.argmax(1).eq(targets).sum().item<long>();
        }
        model.train(training);
        return new EvaluationResult(total / data.Count, data.IsClassification ? (double)right / data.Count : double.NaN);
    }
}
