using System.Collections.Immutable;
using System.Numerics.Tensors;

namespace Assay.Evaluation;

/// <summary>
/// A capability as a question to the pool: conditions on the samples' metadata, then the samples whose text is most like a query. At least
/// one of them must be given.
/// </summary>
public sealed record SampleQuery
{
    /// <summary>The query text, or null for conditions only.</summary>
    public string? Text { get; init; }

    /// <summary>The metadata field that the text is compared with.</summary>
    public string Field { get; init; } = "text";

    /// <summary>The most samples that a text finds, or null for no limit.</summary>
    public int? Top { get; init; } = 10;

    /// <summary>The similarity that a sample must exceed, or null. The paper uses 0.3 for text embeddings.</summary>
    public double? Threshold { get; init; }

    /// <summary>Conditions that all must hold.</summary>
    public ImmutableArray<SampleFilter> Filters { get; init; } = [];
}

/// <summary>A sample that a query found.</summary>
/// <param name="Sample">Its index in the pool.</param>
/// <param name="Similarity">The cosine similarity of its text, or 1 where no text was asked for.</param>
public readonly record struct QueryHit(int Sample, double Similarity);

/// <summary>Finds the samples of a capability.</summary>
public static class PoolQuery
{
    /// <summary>The samples that a query finds, the most similar first.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="query">The query.</param>
    /// <param name="embed">Turns texts into vectors of one length (an embedding model); null compares words by TF-IDF.</param>
    /// <exception cref="ArgumentException">The query asks for nothing, names an unknown field, or finds no sample.</exception>
    public static ImmutableArray<QueryHit> Find(this SamplePool pool, SampleQuery query, Func<IReadOnlyList<string>, IReadOnlyList<float[]>>? embed = null)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentNullException.ThrowIfNull(query);
        if (query.Text is null && query.Filters.IsEmpty)
            throw new ArgumentException("a query needs a text or a condition", nameof(query));
        if (query.Top is < 1)
            throw new ArgumentException($"at least one sample must be kept, not {query.Top}", nameof(query));
        var rows = Enumerable.Range(0, pool.SampleCount).Where(s => query.Filters.All(f => f.Holds(FieldOf(pool, f.Field)[s]))).ToArray();
        if (rows.Length == 0)
            throw new ArgumentException($"no sample fulfils {string.Join(" and ", query.Filters)}", nameof(query));
        if (query.Text is null)
            return [.. rows.Select(s => new QueryHit(s, 1))];
        var field = FieldOf(pool, query.Field);
        var texts = Array.ConvertAll(rows, s => field[s]);
        var similarity = embed is null ? new TextSimilarity(texts).To(query.Text) : ByEmbedding(texts, query.Text, embed);
        var hits = rows.Zip(similarity, (s, x) => new QueryHit(s, x)).Where(h => h.Similarity > (query.Threshold ?? 0)).OrderByDescending(h => h.Similarity).Take(query.Top ?? int.MaxValue).ToImmutableArray();
        return hits.IsEmpty
            ? throw new ArgumentException($"no sample is like '{query.Text}'{(query.Threshold is { } t ? $" beyond a similarity of {t}; the nearest has {similarity.Max():0.###}" : "")}", nameof(query))
            : hits;
    }

    /// <summary>The samples that a query finds, as a pool of their own.</summary>
    /// <inheritdoc cref="Find"/>
    public static SamplePool Query(this SamplePool pool, SampleQuery query, Func<IReadOnlyList<string>, IReadOnlyList<float[]>>? embed = null) =>
        pool.Select([.. pool.Find(query, embed).Select(h => h.Sample)]);

    private static ImmutableArray<string> FieldOf(SamplePool pool, string field) => pool.Metadata.TryGetValue(field, out var values)
        ? values
        : throw new ArgumentException($"the samples have no field '{field}'; there are: {(pool.Metadata.IsEmpty ? "none" : string.Join(", ", pool.Metadata.Keys))}");

    private static double[] ByEmbedding(string[] texts, string query, Func<IReadOnlyList<string>, IReadOnlyList<float[]>> embed)
    {
        var vectors = embed([query, .. texts]);
        return vectors.Count == texts.Length + 1
            ? [.. vectors.Skip(1).Select(v => (double)TensorPrimitives.CosineSimilarity<float>(v, vectors[0]))]
            : throw new ArgumentException($"{texts.Length + 1} embeddings were expected, not {vectors.Count}", nameof(embed));
    }
}
