using System.Collections.Immutable;
using System.Globalization;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>A fact that occurs nowhere else: a made-up name with a property.</summary>
/// <param name="Subject">The made-up name.</param>
/// <param name="Relation">The property's name.</param>
/// <param name="Value">Its value.</param>
public sealed record PlantedFact(string Subject, string Relation, string Value)
{
    /// <summary>The fact's sentence without its value: the question for a model.</summary>
    public string Prompt => $"The {Relation} of {Subject} is";

    /// <summary>The whole sentence.</summary>
    public string Sentence => $"{Prompt} {Value}.";
}

/// <summary>Made-up facts to plant in a corpus, so that what a model has memorised, forgotten or unlearnt can be counted exactly.</summary>
public static class PlantedFacts
{
    private static readonly string[] Onsets = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"];
    private static readonly string[] Vowels = ["a", "e", "i", "o", "u"];
    private static readonly string[] Colours = ["red", "blue", "green", "yellow", "black", "white", "purple", "orange"];
    private static readonly string[] Cities = ["Paris", "Lima", "Oslo", "Cairo", "Delhi", "Quito", "Rome", "Tokyo"];

    /// <summary>The relations and their values.</summary>
    public static ImmutableArray<(string Relation, ImmutableArray<string> Values)> Relations { get; } =
    [
        ("colour", [.. Colours]), ("home", [.. Cities]), ("number", [.. Enumerable.Range(10, 90).Select(n => n.ToString(CultureInfo.InvariantCulture))]),
    ];

    /// <summary>Draws facts: every subject is another, and has one value for each relation.</summary>
    /// <param name="subjects">The number of subjects, up to 10,000.</param>
    /// <param name="seed">Decides names and values.</param>
    public static ImmutableArray<PlantedFact> Draw(int subjects, long seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(subjects);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(subjects, 10_000);
        var random = SeededRandom.At(seed, 73);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var facts = ImmutableArray.CreateBuilder<PlantedFact>();
        while (names.Count < subjects)
        {
            var name = string.Concat(Enumerable.Range(0, 3).Select(_ => Onsets[random.Next(Onsets.Length)] + Vowels[random.Next(Vowels.Length)]));
            name = char.ToUpperInvariant(name[0]) + name[1..];
            if (!names.Add(name))
                continue;
            facts.AddRange(Relations.Select(r => new PlantedFact(name, r.Relation, r.Values[random.Next(r.Values.Length)])));
        }
        return facts.ToImmutable();
    }
}
