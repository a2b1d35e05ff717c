using Assay.Statistics;

namespace Assay.Evaluation.Tests;

/// <summary>Predictions to calibrate.</summary>
internal static class CalibrationCases
{
    /// <summary>300 overconfident logits of three classes by formula; SciPy and scikit-learn were run on the same numbers.</summary>
    public static Predictions Formula()
    {
        var labels = Enumerable.Range(0, 300).Select(i => (i * 7 + i / 5) % 3).ToArray();
        return Of([.. labels.SelectMany((y, i) => Enumerable.Range(0, 3).Select(c => (float)(3 * Math.Sin(0.7 * i + 2 * c) + (y == c ? 2.0 : 0))))], labels, 3);
    }

    /// <summary>Random logits: three times those that the labels were drawn from, so that T = 3 is the truth.</summary>
    public static Predictions Random(int count, int classes, long seed, ScoreKind kind = ScoreKind.Logits)
    {
        var random = new SeededRandom(seed);
        var (z, labels) = (new float[count * classes], new int[count]);
        for (var i = 0; i < count; i++)
        {
            var p = new double[classes];
            for (var c = 0; c < classes; c++)
                p[c] = 1.5 * random.NextGaussian();
            for (var c = 0; c < classes; c++)
                z[i * classes + c] = (float)(3 * p[c]);
            CalibrationData.Softmax(p);
            var u = random.NextDouble();
            while (labels[i] < classes - 1 && (u -= p[labels[i]]) > 0)
                labels[i]++;
        }
        var logits = Of(z, labels, classes);
        return kind == ScoreKind.Logits ? logits : logits.ToProbabilities();
    }

    /// <summary>Copies that answer like the original where it is right, and at random where it is wrong.</summary>
    public static Predictions[] Copies(Predictions predictions, int copies, long seed)
    {
        var random = new SeededRandom(seed);
        var predicted = predictions.PredictedClasses();
        return [.. Enumerable.Range(0, copies).Select(_ =>
        {
            var z = predictions.Scores.Values.ToArray();
            for (var i = 0; i < z.Length; i++)
                z[i] += (float)random.NextGaussian() * (predicted[i / predictions.ClassCount] == predictions.Labels[i / predictions.ClassCount] ? 0.3f : 4);
            return Of(z, [.. predictions.Labels], predictions.ClassCount);
        })];
    }

    public static Predictions Of(float[] scores, int[] labels, int classes, ScoreKind kind = ScoreKind.Logits) => new()
    {
        Model = "m",
        Kind = kind,
        Scores = new FloatMatrix(scores, scores.Length / classes, classes),
        Labels = [.. labels],
    };

    /// <summary>The largest distance of a gradient from central differences.</summary>
    public static double GradientError(Func<double[], double[], double> function, double[] at, double step = 1e-6)
    {
        var (gradient, unused, worst) = (new double[at.Length], new double[at.Length], 0.0);
        function(at, gradient);
        for (var j = 0; j < at.Length; j++)
        {
            var (up, down) = ((double[])at.Clone(), (double[])at.Clone());
            up[j] += step;
            down[j] -= step;
            worst = Math.Max(worst, Math.Abs((function(up, unused) - function(down, unused)) / (2 * step) - gradient[j]));
        }
        return worst;
    }
}
