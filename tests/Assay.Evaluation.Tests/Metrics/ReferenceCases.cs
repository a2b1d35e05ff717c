using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation.Tests;

/// <summary>Small predictions that NumPy builds in three lines, so that scikit-learn's figures can be computed on the same numbers.</summary>
internal static class ReferenceCases
{
    /// <summary>
    /// i = np.arange(n); y = (i*7 + i*i//3) % k; c = np.arange(k)
    /// z = np.round(2*np.sin(i[:,None]*1.7 + c[None]*2.3) + 1.2*(c[None] == y[:,None]), 1)
    /// p = np.exp(z); p /= p.sum(1, keepdims=True); p = p.astype(np.float32)
    /// </summary>
    public static Predictions Classification(int n, int k, ScoreKind kind = ScoreKind.Probabilities)
    {
        var labels = Enumerable.Range(0, n).Select(i => (i * 7 + i * i / 3) % k).ToImmutableArray();
        var scores = new float[n * k];
        for (var i = 0; i < n; i++)
        {
            var z = Enumerable.Range(0, k).Select(c => Math.Round((2 * Math.Sin(i * 1.7 + c * 2.3) + (c == labels[i] ? 1.2 : 0)) * 10) / 10).ToArray();
            var sum = z.Sum(Math.Exp);
            for (var c = 0; c < k; c++)
                scores[i * k + c] = (float)(kind == ScoreKind.Logits ? z[c] : Math.Exp(z[c]) / sum);
        }
        return new Predictions { Model = "reference", Kind = kind, Scores = new FloatMatrix(scores, n, k), Labels = labels };
    }

    /// <summary>
    /// i = np.arange(n); t = 5 + 3*np.sin(i*.9) + np.round(np.cos(i*2.1), 1); v = 5 + 2.5*np.sin(i*.9 + .2), both as float32
    /// </summary>
    public static Predictions Regression(int n) => new()
    {
        Model = "reference",
        Kind = ScoreKind.Values,
        Scores = new FloatMatrix([.. Enumerable.Range(0, n).Select(i => (float)(5 + 2.5 * Math.Sin(i * .9 + .2)))], n, 1),
        Targets = [.. Enumerable.Range(0, n).Select(i => (float)(5 + 3 * Math.Sin(i * .9) + Math.Round(Math.Cos(i * 2.1) * 10) / 10))],
    };
}
