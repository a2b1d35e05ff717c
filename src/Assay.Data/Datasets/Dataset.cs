using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>
/// An immutable set of examples with stable ids. Which parts are present depends on the source: features, class labels or real-valued
/// targets, texts, domains (where an example comes from) and groups (examples that belong together: a patient, a bag).
/// A part that is absent is null, or empty for an array; <see cref="RequireFeatures"/> and its like ask for one with a clear error.
/// </summary>
public sealed class Dataset
{
    /// <summary>The name shown in reports.</summary>
    public required string Name { get; init; }

    /// <summary>One stable, unique id for each example.</summary>
    public required ImmutableArray<string> Ids { get; init; }

    /// <summary>The number of examples.</summary>
    public int Count => Ids.Length;

    /// <summary>The features, one row for each example, or null.</summary>
    public FloatMatrix? Features { get; init; }

    /// <summary>One name for each feature column, or empty where they have none (pixels).</summary>
    public ImmutableArray<string> FeatureNames { get; init; } = [];

    /// <summary>The shape of one example: [d] for a table, [channels, height, width] for images. Its product is the number of feature columns.</summary>
    public ImmutableArray<int> FeatureShape { get; init; } = [];

    /// <summary>The class of each example as an index into <see cref="ClassNames"/>, or empty.</summary>
    public ImmutableArray<int> Labels { get; init; } = [];

    /// <summary>The names of the classes.</summary>
    public ImmutableArray<string> ClassNames { get; init; } = [];

    /// <summary>The real-valued target of each example, or empty.</summary>
    public ImmutableArray<float> Targets { get; init; } = [];

    /// <summary>The text of each example, or empty.</summary>
    public ImmutableArray<string> Texts { get; init; } = [];

    /// <summary>Where each example comes from, or null.</summary>
    public CategoryColumn? Domains { get; init; }

    /// <summary>What each example belongs to, or null. Splits never tear a group apart.</summary>
    public CategoryColumn? Groups { get; init; }

    /// <summary>Whether the examples carry class labels.</summary>
    public bool HasLabels => !Labels.IsEmpty;

    /// <summary>Whether the examples carry real-valued targets.</summary>
    public bool HasTargets => !Targets.IsEmpty;

    /// <summary>The number of classes.</summary>
    public int ClassCount => ClassNames.Length;

    /// <summary>The features.</summary>
    /// <exception cref="InvalidOperationException">The dataset has none.</exception>
    public FloatMatrix RequireFeatures() => Features ?? throw new InvalidOperationException($"dataset '{Name}' has no features");

    /// <summary>The class labels.</summary>
    /// <exception cref="InvalidOperationException">The dataset has none.</exception>
    public ImmutableArray<int> RequireLabels() => HasLabels ? Labels : throw new InvalidOperationException($"dataset '{Name}' has no class labels");

    /// <summary>The texts.</summary>
    /// <exception cref="InvalidOperationException">The dataset has none.</exception>
    public ImmutableArray<string> RequireTexts() => !Texts.IsEmpty ? Texts : throw new InvalidOperationException($"dataset '{Name}' has no texts");

    /// <summary>The given examples, in the given order, under the same or a new name.</summary>
    /// <param name="rows">Row numbers.</param>
    /// <param name="name">The new name, or null to keep it.</param>
    public Dataset Select(ReadOnlySpan<int> rows, string? name = null) => new()
    {
        Name = name ?? Name,
        Ids = Take(Ids, rows),
        Features = Features?.Select(rows),
        FeatureNames = FeatureNames,
        FeatureShape = FeatureShape,
        Labels = Take(Labels, rows),
        ClassNames = ClassNames,
        Targets = Take(Targets, rows),
        Texts = Take(Texts, rows),
        Domains = Domains?.Select(rows),
        Groups = Groups?.Select(rows),
    };

    /// <summary>The same examples with other labels, for example corrected ones.</summary>
    /// <exception cref="ArgumentException">There is not one label for each example, or a label has no class.</exception>
    public Dataset WithLabels(ImmutableArray<int> labels, ImmutableArray<string> classNames) => With(labels, classNames, Features).Validate();

    /// <summary>The same examples with other features, for example standardised ones.</summary>
    /// <exception cref="ArgumentException">There is not one row for each example.</exception>
    public Dataset WithFeatures(FloatMatrix features) => With(Labels, ClassNames, features).Validate();

    /// <summary>Checks that all parts agree in length, that ids are unique, that labels have classes and that numbers are finite.</summary>
    /// <returns>This dataset.</returns>
    /// <exception cref="ArgumentException">Something does not fit; the message names the row.</exception>
    public Dataset Validate()
    {
        CheckLength(Features?.Rows, "feature rows");
        CheckLength(HasLabels ? Labels.Length : null, "labels");
        CheckLength(HasTargets ? Targets.Length : null, "targets");
        CheckLength(Texts.IsEmpty ? null : Texts.Length, "texts");
        CheckLength(Domains?.Count, "domains");
        CheckLength(Groups?.Count, "groups");
        var seen = new HashSet<string>(Count, StringComparer.Ordinal);
        for (var i = 0; i < Count; i++)
        {
            if (!seen.Add(Ids[i]))
                throw new ArgumentException($"dataset '{Name}': id '{Ids[i]}' of row {i} is not unique");
            if (HasLabels && (uint)Labels[i] >= (uint)ClassCount)
                throw new ArgumentException($"dataset '{Name}': label {Labels[i]} of row {i} is out of range, there are {ClassCount} classes");
            if (HasTargets && !float.IsFinite(Targets[i]))
                throw new ArgumentException($"dataset '{Name}': target of row {i} is {Targets[i]}");
        }
        if (Features is { } features)
            CheckFinite(features);
        return this;
    }

    private void CheckFinite(FloatMatrix features)
    {
        for (var i = 0; i < features.Rows; i++)
        {
            var row = features.Row(i);
            var column = 0;
            while (column < row.Length && float.IsFinite(row[column]))
                column++;
            if (column < row.Length)
                throw new ArgumentException($"dataset '{Name}': feature {(FeatureNames.IsEmpty ? $"{column}" : $"'{FeatureNames[column]}'")} of row {i} is {features[i, column]}");
        }
    }

    private void CheckLength(int? length, string what)
    {
        if (length is { } n && n != Count)
            throw new ArgumentException($"dataset '{Name}' has {Count} ids but {n} {what}");
    }

    private Dataset With(ImmutableArray<int> labels, ImmutableArray<string> classNames, FloatMatrix? features) => new()
    {
        Name = Name,
        Ids = Ids,
        Features = features,
        FeatureNames = FeatureNames,
        FeatureShape = FeatureShape,
        Labels = labels,
        ClassNames = classNames,
        Targets = Targets,
        Texts = Texts,
        Domains = Domains,
        Groups = Groups,
    };

    private static ImmutableArray<T> Take<T>(ImmutableArray<T> items, ReadOnlySpan<int> rows)
    {
        if (items.IsEmpty)
            return items;
        var chosen = new T[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            chosen[i] = items[rows[i]];
        return System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(chosen);
    }
}
