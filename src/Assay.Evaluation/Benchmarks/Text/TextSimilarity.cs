using System.Text;

namespace Assay.Evaluation;

/// <summary>
/// Cosine similarity of texts by their words: TF-IDF with (1 + ln tf)·(ln((1 + N)/(1 + df)) + 1). It needs no model and finds texts that
/// share words with a query; for likeness of meaning give an embedding.
/// </summary>
public sealed class TextSimilarity
{
    private readonly Dictionary<string, List<(int Text, double Weight)>> postings = new(StringComparer.Ordinal);
    private readonly double[] norms;

    /// <summary>Indexes texts.</summary>
    public TextSimilarity(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        for (var i = 0; i < texts.Count; i++)
        {
            foreach (var word in Words(texts[i]).CountBy(w => w, StringComparer.Ordinal))
            {
                if (!postings.TryGetValue(word.Key, out var list))
                    postings.Add(word.Key, list = []);
                list.Add((i, 1 + Math.Log(word.Value)));
            }
        }
        norms = new double[texts.Count];
        foreach (var list in postings.Values)
        {
            var idf = Idf(list.Count);
            foreach (var (text, weight) in list)
                norms[text] += weight * idf * weight * idf;
        }
        for (var i = 0; i < norms.Length; i++)
            norms[i] = Math.Sqrt(norms[i]);
    }

    /// <summary>The similarity of each text to a query, 0 to 1.</summary>
    public double[] To(string query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var similarity = new double[norms.Length];
        var norm = 0.0;
        foreach (var word in Words(query).CountBy(w => w, StringComparer.Ordinal))
        {
            var list = postings.GetValueOrDefault(word.Key);
            var idf = Idf(list?.Count ?? 0);
            var weight = (1 + Math.Log(word.Value)) * idf;
            norm += weight * weight;
            foreach (var (text, other) in list ?? [])
                similarity[text] += weight * other * idf;
        }
        for (var i = 0; i < similarity.Length; i++)
            similarity[i] = similarity[i] == 0 ? 0 : similarity[i] / (norms[i] * Math.Sqrt(norm));
        return similarity;
    }

    /// <summary>The words of a text in lower case: runs of letters, digits and apostrophes.</summary>
    public static IEnumerable<string> Words(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var word = new StringBuilder();
        foreach (var c in text)
        {
            if (char.IsLetterOrDigit(c) || c is '\'' or '’')
            {
                word.Append(char.ToLowerInvariant(c == '’' ? '\'' : c));
            }
            else if (word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }
        if (word.Length > 0)
            yield return word.ToString();
    }

    private double Idf(int documents) => Math.Log((1.0 + norms.Length) / (1 + documents)) + 1;
}
