using System.Collections.Immutable;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>A recipe's data: loaded, divided, and scaled as the training part says.</summary>
/// <param name="Train">The training part, scaled.</param>
/// <param name="Validation">The validation part, scaled, or null.</param>
/// <param name="Test">The test part, scaled, or null.</param>
/// <param name="Scaling">The scaling, or null.</param>
public sealed record PreparedData(Dataset Train, Dataset? Validation, Dataset? Test, FeatureScaling? Scaling)
{
    /// <summary>The data set's name.</summary>
    public string Name => Train.Name;

    /// <summary>The number of examples of all parts.</summary>
    public int Count => Train.Count + (Validation?.Count ?? 0) + (Test?.Count ?? 0);

    /// <summary>Loads and divides the data of a recipe.</summary>
    /// <exception cref="InvalidDataException">The data have a defect, or do not give what training needs.</exception>
    /// <exception cref="FileNotFoundException">There is no such data.</exception>
    public static PreparedData Of(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var data = Load(recipe, recipe.Data.Source);
        var test = recipe.Data.Test is { } source ? Load(recipe, source) : null;
        if (test is not null)
            CheckSameKind(recipe, data, test);
        var (train, validation, held) = Divide(recipe, data, separateTest: test is not null);
        test ??= held;
        if (!recipe.Standardize)
            return new PreparedData(train, validation, test, null);
        var scaling = FeatureScaling.Fit(train);
        return new PreparedData(scaling.Apply(train), validation is null ? null : scaling.Apply(validation), test is null ? null : scaling.Apply(test), scaling);
    }

    private static Dataset Load(Recipe recipe, string source)
    {
        var roles = recipe.Data;
        var data = DatasetFile.Load(source, new DataRoles
        {
            Label = roles.Label,
            Target = roles.Target,
            Text = roles.Text,
            Domain = roles.Domain,
            Group = roles.Group,
            Id = roles.Id,
            Drop = roles.Drop,
        });
        if (data.Features is null)
            throw roles.Place.Error($"'{data.Name}' has no features to train on");
        if (!data.HasLabels && !data.HasTargets)
            throw roles.Place.Error($"'{data.Name}' has neither labels nor targets; name the column with data.label or data.target");
        return data.Validate();
    }

    private static void CheckSameKind(Recipe recipe, Dataset train, Dataset test)
    {
        if (!train.FeatureShape.SequenceEqual(test.FeatureShape) || train.HasLabels != test.HasLabels || !train.ClassNames.SequenceEqual(test.ClassNames))
        {
            throw recipe.Data.Place.Error(
                $"the test data do not fit the training data: {Describe(test)} against {Describe(train)}");
        }
    }

    private static string Describe(Dataset data) => $"features [{string.Join(", ", data.FeatureShape)}], {(data.HasLabels ? $"classes {string.Join(", ", data.ClassNames.Take(12))}" : "real values")}";

    private static (Dataset Train, Dataset? Validation, Dataset? Test) Divide(Recipe recipe, Dataset data, bool separateTest)
    {
        var split = recipe.Split;
        var testShare = separateTest ? 0 : split.Test;
        ReadOnlySpan<int> strata = split.Stratify && data.HasLabels ? data.Labels.AsSpan() : [];
        ReadOnlySpan<int> groups = data.Groups is { } column ? column.Codes.AsSpan() : [];
        try
        {
            if (testShare > 0 && split.Validation > 0)
            {
                var three = Splitters.ThreeWayHoldout(data.Count, split.Validation, testShare, split.Seed, strata, groups);
                return (Part(data, three.Train), Part(data, three.Validation), Part(data, three.Test));
            }
            if (testShare == 0 && split.Validation == 0)
                return (data, null, null);
            var two = Splitters.Holdout(data.Count, testShare + split.Validation, split.Seed, strata, groups);
            return testShare > 0 ? (Part(data, two.Train), null, Part(data, two.Test)) : (Part(data, two.Train), Part(data, two.Test), null);
        }
        catch (ArgumentException e)
        {
            throw recipe.Data.Place.Error($"'{data.Name}' with {data.Count} examples cannot be divided: {e.Message.Split(" (Parameter")[0]}", e);
        }
    }

    private static Dataset Part(Dataset data, ImmutableArray<int> rows) => data.Select(rows.AsSpan());
}
