using Assay.Data;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Studies;

/// <summary>What the studies of losses share: one training run, and binary decisions from its scores.</summary>
internal static class LossTrial
{
    /// <summary>The class scores (n, K) on each judged set after training with one loss.</summary>
    public static FloatMatrix[] Scores(
        TensorDataset train, TensorDataset[] judged, ModelSpec model, nn.Module<Tensor, Tensor, Tensor>? loss, TrainingOptions options, long seed, CancellationToken stop,
        Action<TrainedModel>? inspect = null)
    {
        using var scope = NewDisposeScope();
        using var trained = new Backprop(model, options with { Loss = loss }).Fit(train, null, new TrainingContext { Seed = seed, Cancellation = stop });
        inspect?.Invoke(trained);
        return [.. judged.Select(j => new FloatMatrix(trained.Scores(j.Inputs).data<float>().ToArray(), j.Count, j.Outputs))];
    }

    public static double Accuracy(FloatMatrix scores, TensorDataset data)
    {
        var labels = data.Targets.data<long>().ToArray();
        var right = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            var row = scores.Row(i);
            right += System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row) == labels[i] ? 1 : 0;
        }
        return (double)right / labels.Length;
    }

    /// <summary>TP, FN, FP, TN when class 1 is predicted where the logit z₁ − z₀ is at least a threshold.</summary>
    public static (double Tp, double Fn, double Fp, double Tn) Counts(FloatMatrix scores, TensorDataset data, double threshold = 0)
    {
        var labels = data.Targets.data<long>().ToArray();
        var (tp, fn, fp, tn) = (0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < labels.Length; i++)
        {
            var positive = scores[i, 1] - scores[i, 0] >= threshold;
            if (labels[i] == 1)
                (tp, fn) = positive ? (tp + 1, fn) : (tp, fn + 1);
            else
                (fp, tn) = positive ? (fp + 1, tn) : (fp, tn + 1);
        }
        return (tp, fn, fp, tn);
    }

    public static double F1((double Tp, double Fn, double Fp, double Tn) c) => c.Tp == 0 ? 0 : 2 * c.Tp / (2 * c.Tp + c.Fn + c.Fp);

    public static double BalancedAccuracy((double Tp, double Fn, double Fp, double Tn) c) => 0.5 * (c.Tp / (c.Tp + c.Fn) + c.Tn / (c.Tn + c.Fp));

    /// <summary>The threshold with the best F1 on validation data.</summary>
    public static double BestThreshold(FloatMatrix scores, TensorDataset validation)
    {
        var best = (F1: -1.0, Threshold: 0.0);
        var sorted = Enumerable.Range(0, scores.Rows).Select(i => (double)(scores[i, 1] - scores[i, 0])).Order().ToArray();
        for (var i = 0; i < 200; i++)
        {
            var threshold = sorted[(int)((long)i * (sorted.Length - 1) / 199)];
            var f1 = F1(Counts(scores, validation, threshold));
            if (f1 > best.F1)
                best = (f1, threshold);
        }
        return best.Threshold;
    }

    /// <summary>Negatives N(0, I) and positives N(2u, I), u = 1/√d: brief 8's mixture, with exactly the given share of positives.</summary>
    public static TensorDataset Mixture(int count, int dimensions, double rate, long seed)
    {
        var random = SeededRandom.At(seed, 77);
        var labels = Enumerable.Range(0, count).Select(i => i < Math.Max(2, (int)(rate * count)) ? 1L : 0).ToArray();
        random.Shuffle(labels.AsSpan());
        var x = new float[count * dimensions];
        for (var i = 0; i < x.Length; i++)
            x[i] = (float)(random.NextGaussian() + 2 / Math.Sqrt(dimensions) * labels[i / dimensions]);
        return new TensorDataset(tensor(x, [count, dimensions]), tensor(labels), 2);
    }

    /// <summary>A data set in three parts, scaled by the training part.</summary>
    public static (TensorDataset Train, TensorDataset Validation, TensorDataset Test) Divide(Dataset data, double test, double validation, long seed, Func<Dataset, Dataset>? change = null)
    {
        var split = DatasetSplit.Of(data, test, validation, seed);
        var scaling = Lab.FeatureScaling.Fit(split.Train);
        var train = change is null ? split.Train : change(split.Train);
        return (TensorDataset.From(scaling.Apply(train)), TensorDataset.From(scaling.Apply(split.Validation!)), TensorDataset.From(scaling.Apply(split.Test)));
    }
}
