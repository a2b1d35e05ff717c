using Assay.Data;
using Assay.Statistics;
using MathNet.Numerics.LinearAlgebra;

namespace Assay.Evaluation;

/// <summary>Scores of summaries that slices can be cut by.</summary>
public static class SummaryScores
{
    /// <summary>ROUGE-1: clipped common words over the words of the candidate (precision) and of the reference (recall).</summary>
    public static (double Precision, double Recall, double F1) Rouge1(string reference, string candidate)
    {
        string[] r = [.. HashedBagOfWords.Words(reference)], c = [.. HashedBagOfWords.Words(candidate)];
        var counts = r.GroupBy(w => w).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        var common = c.GroupBy(w => w).Sum(g => Math.Min(g.Count(), counts.GetValueOrDefault(g.Key)));
        var (precision, recall) = (c.Length == 0 ? 0 : (double)common / c.Length, r.Length == 0 ? 0 : (double)common / r.Length);
        return (precision, recall, common == 0 ? 0 : 2 * precision * recall / (precision + recall));
    }

    /// <summary>1 − the share of the summary's words that the source has.</summary>
    public static double Abstractiveness(string source, string summary) => 1 - Share(summary, source);

    /// <summary>1 − the share of the source's words that the summary has.</summary>
    public static double Distillation(string source, string summary) => 1 - Share(source, summary);

    /// <summary>
    /// From R, source sentences × summary sentences, with m_j = argmax_i R_ij (from 0): position mean(m)/n, dispersion sd(m/n), ordering
    /// Spearman(j, m_j), and three norms of R.
    /// </summary>
    /// <exception cref="ArgumentException">R is empty.</exception>
    public static (double Position, double Dispersion, double Ordering, double Nuclear, double Spectral, double Frobenius) Of(double[,] similarity)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        var (n, m) = (similarity.GetLength(0), similarity.GetLength(1));
        if (n == 0 || m == 0)
            throw new ArgumentException("at least one sentence on each side was expected", nameof(similarity));
        double[] best = [.. Enumerable.Range(0, m).Select(j => (double)Enumerable.Range(0, n).MaxBy(i => similarity[i, j]))];
        var mean = best.Average() / n;
        var singular = Matrix<double>.Build.DenseOfArray(similarity).Svd(computeVectors: false).S;
        return (mean, Math.Sqrt(best.Average(b => (b / n - mean) * (b / n - mean))), Correlation.Spearman([.. Enumerable.Range(0, m).Select(j => (double)j)], best), singular.Sum(), singular.Maximum(), singular.L2Norm());
    }

    private static double Share(string of, string inside)
    {
        string[] words = [.. HashedBagOfWords.Words(of)];
        var known = HashedBagOfWords.Words(inside).ToHashSet(StringComparer.Ordinal);
        return words.Length == 0 ? 0 : (double)words.Count(known.Contains) / words.Length;
    }
}
