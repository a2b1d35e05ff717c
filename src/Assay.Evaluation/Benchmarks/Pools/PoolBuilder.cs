using System.Runtime.InteropServices;

namespace Assay.Evaluation;

/// <summary>Gathers results under names, and makes a <see cref="SamplePool"/> of them.</summary>
public sealed class PoolBuilder
{
    private readonly Dictionary<string, int> models = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Id, string Dataset), int> samples = [];
    private readonly List<string> ids = [];
    private readonly List<int> model = [], sample = [];
    private readonly List<double> score = [];
    private readonly List<PairResult> pairs = [];
    private readonly SortedDictionary<string, List<string>> metadata = new(StringComparer.Ordinal);

    /// <summary>The index of a model, which is added where it is new.</summary>
    public int Model(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(models, name, out var known);
        return known ? index : index = models.Count - 1;
    }

    /// <summary>The index of a sample, which is added where it is new; the same id in two datasets is two samples.</summary>
    public int Sample(string id, string dataset = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(dataset);
        ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(samples, (id, dataset), out var known);
        if (known)
            return index;
        ids.Add(id);
        return index = samples.Count - 1;
    }

    /// <summary>Adds a score; NaN is a missing one.</summary>
    public void Add(int model, int sample, double score)
    {
        this.model.Add(model);
        this.sample.Add(sample);
        this.score.Add(score);
    }

    /// <summary>Adds a score under names.</summary>
    public void Add(string model, string sample, double score) => Add(Model(model), Sample(sample), score);

    /// <summary>Adds a direct comparison.</summary>
    public void Add(PairResult pair) => pairs.Add(pair);

    /// <summary>Says something of a sample. The first word stands.</summary>
    public void Describe(int sample, string field, string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(field);
        if (!metadata.TryGetValue(field, out var values))
            metadata.Add(field, values = []);
        while (values.Count <= sample)
            values.Add("");
        if (values[sample].Length == 0)
            values[sample] = value;
    }

    internal bool TryFind(string id, out int sample) => samples.TryGetValue((id, ""), out sample);

    /// <summary>The pool. Samples without any result stay out.</summary>
    /// <param name="source">Where the results come from, for messages.</param>
    /// <exception cref="InvalidDataException">There are no results.</exception>
    public SamplePool Build(string source = "the pool")
    {
        if (score.Count == 0 && pairs.Count == 0)
            throw new InvalidDataException($"{source}: there are no results");
        if (score.TrueForAll(double.IsNaN) && pairs.Count == 0)
            throw new InvalidDataException($"{source}: all results are missing");
        if (score.FindIndex(double.IsInfinity) is >= 0 and var at)
            throw new InvalidDataException($"{source}: the score of model '{models.First(m => m.Value == model[at]).Key}' on sample '{ids[sample[at]]}' is infinite");
        var pool = SamplePool.Of([.. models.Keys], ids.Count, CollectionsMarshal.AsSpan(model), CollectionsMarshal.AsSpan(sample), CollectionsMarshal.AsSpan(score), pairs, [.. ids]);
        foreach (var (field, values) in metadata)
        {
            while (values.Count < ids.Count)
                values.Add("");
            pool = pool.WithMetadata((field, [.. values]));
        }
        var empty = Enumerable.Range(0, ids.Count).Where(s => pool.ModelsOf(s).IsEmpty && pool.PairsOf(s).IsEmpty).ToHashSet();
        return empty.Count == 0 ? pool : pool.Select([.. Enumerable.Range(0, ids.Count).Where(s => !empty.Contains(s))]);
    }
}
