using System.Collections.Immutable;
using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Predictions as calibrators read them: rows of logits in double precision.</summary>
internal sealed class CalibrationData
{
    // The smallest probability whose logarithm is taken; zeros in files are rounded numbers.
    private const double Floor = 1e-12;

    private readonly Predictions predictions;

    public CalibrationData(Predictions predictions, IReadOnlyList<Predictions> transformed)
    {
        this.predictions = predictions;
        Predicted = predictions.PredictedClasses();
        Transformed = [.. transformed.Select(t => t.ToProbabilities().Scores)];
    }

    public int Count => predictions.Count;

    public int Classes => predictions.ClassCount;

    public ImmutableArray<int> Labels => predictions.Labels;

    /// <summary>The class of the highest score, the first of equals.</summary>
    public int[] Predicted { get; }

    /// <summary>The probabilities on each transformed copy.</summary>
    public ImmutableArray<FloatMatrix> Transformed { get; }

    public ReadOnlySpan<float> Scores(int row) => predictions.Scores.Row(row);

    public bool IsRight(int row) => Predicted[row] == Labels[row];

    /// <summary>The logits of a row; logarithms where only probabilities are known.</summary>
    public void Logits(int row, Span<double> logits)
    {
        var scores = predictions.Scores.Row(row);
        for (var c = 0; c < logits.Length; c++)
            logits[c] = predictions.Kind == ScoreKind.Logits ? scores[c] : Math.Log(Math.Max(scores[c], Floor));
    }

    /// <summary>softmax(z / T) of a row.</summary>
    public void Softmax(int row, double temperature, Span<double> probabilities)
    {
        Logits(row, probabilities);
        Softmax(probabilities, 1 / temperature);
    }

    /// <summary>softmax(s z) in place.</summary>
    /// <returns>ln Σ exp(s z).</returns>
    public static double Softmax(Span<double> z, double scale = 1)
    {
        TensorPrimitives.Multiply<double>(z, scale, z);
        var max = TensorPrimitives.Max<double>(z);
        TensorPrimitives.Subtract<double>(z, max, z);
        TensorPrimitives.Exp<double>(z, z);
        var sum = TensorPrimitives.Sum<double>(z);
        TensorPrimitives.Divide<double>(z, sum, z);
        return max + Math.Log(sum);
    }

    /// <summary>ln p_c / (1 − p_c) from logits, without loss where p_c is close to 1.</summary>
    public static double LogOdds(ReadOnlySpan<double> logits, int c)
    {
        var max = double.NegativeInfinity;
        for (var j = 0; j < logits.Length; j++)
            max = j == c ? max : Math.Max(max, logits[j]);
        var sum = 0.0;
        for (var j = 0; j < logits.Length; j++)
            sum += j == c ? 0 : Math.Exp(logits[j] - max);
        return logits[c] - max - Math.Log(sum);
    }

    /// <summary>Runs over blocks of rows on all cores.</summary>
    public static void ForBlocks(int rows, Action<int, int> work)
    {
        var size = BlockSize(rows);
        Parallel.For(0, (rows + size - 1) / size, b => work(b * size, Math.Min(rows, (b + 1) * size)));
    }

    /// <summary>The mean over rows of a function and of its gradient, the same whatever the number of cores.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="gradient">Receives the gradient.</param>
    /// <param name="block">Adds the gradient of rows [first, end) to an array and returns the sum of their values.</param>
    public static double Mean(int rows, double[] gradient, Func<int, int, double[], double> block)
    {
        var size = BlockSize(rows);
        var parts = new (double Value, double[] Gradient)[(rows + size - 1) / size];
        Parallel.For(0, parts.Length, b =>
        {
            var own = new double[gradient.Length];
            parts[b] = (block(b * size, Math.Min(rows, (b + 1) * size), own), own);
        });
        var value = 0.0;
        Array.Clear(gradient);
        foreach (var part in parts)
        {
            value += part.Value;
            TensorPrimitives.Add<double>(gradient, part.Gradient, gradient);
        }
        TensorPrimitives.Divide<double>(gradient, rows, gradient);
        return value / rows;
    }

    private static int BlockSize(int rows) => Math.Max(1024, (rows + 15) / 16);
}
