using System.Collections.Immutable;
using System.Globalization;
using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>Makes datasets of arrays: of images with a shape, or of the named arrays of a NumPy archive.</summary>
internal static class ArrayDataset
{
    /// <summary>Images with ids, still without labels. Three sizes are n × height × width; of four, channels are the last if it is 1, 3 or 4.</summary>
    public static Dataset Images(NpyArray array, bool scaleBytes, string name, ImmutableArray<int> labels = default, ImmutableArray<string> classNames = default)
    {
        var values = array.ToFloats();
        var shape = array.Shape;
        ImmutableArray<int> example = shape.Length switch
        {
            3 => [1, shape[1], shape[2]],
            4 when shape[3] is 1 or 3 or 4 && shape[1] is not (1 or 3 or 4) => [shape[3], shape[1], shape[2]],
            _ => [.. shape.Skip(1)],
        };
        if (shape.Length == 4 && example[0] == shape[3] && shape[3] > 1)
            values = ChannelsFirst(values, shape);
        if (scaleBytes)
            TensorPrimitives.Divide(values, 255f, values); // in place: nobody else has seen the array
        return new Dataset
        {
            Name = name,
            Ids = TableDataset.RowIds(array.Rows),
            Features = new FloatMatrix(values, array.Rows, array.Columns),
            FeatureNames = example.Length == 1 ? [.. Enumerable.Range(0, array.Columns).Select(i => i.ToString(CultureInfo.InvariantCulture))] : [],
            FeatureShape = example,
            Labels = labels.IsDefault ? [] : labels,
            ClassNames = classNames.IsDefault ? [] : classNames,
        };
    }

    /// <summary>An archive in which one array of several dimensions holds the features, and arrays of one dimension play the roles.</summary>
    public static Dataset Archive(string path, string name, DataRoles roles)
    {
        var arrays = NpyFile.ReadArchive(path).Where(a => !a.Value.Shape.IsEmpty && !roles.Drop.Contains(a.Key)).ToArray();
        var matrices = arrays.Where(a => a.Value.Shape.Length > 1).ToArray();
        if (matrices.Length > 1)
            throw new InvalidDataException($"{path}: the arrays {string.Join(" and ", matrices.Select(m => $"'{m.Key}'"))} could both be the features; leave out all but one with --drop");
        if (matrices.Length == 0)
            return TableFile.Read(path).ToDataset(name, roles);
        var features = matrices[0];
        var rows = features.Value.Rows;
        var columns = arrays.Where(a => a.Value.Shape.Length == 1).ToArray();
        if (Array.Find(columns, a => a.Value.Rows != rows) is { Key: not null } other)
            throw new InvalidDataException($"{path}: '{features.Key}' has {rows} rows, '{other.Key}' has {other.Value.Rows}");
        // The one-dimensional arrays go through the table, where roles are understood; what has no role there joins the features or is refused.
        var images = Images(features.Value, scaleBytes: features.Value.IsByte && features.Value.Shape.Length > 2, name);
        if (columns.Length == 0)
            return images;
        var table = new Table(path, [.. columns.Select(a => a.Value.Column(a.Key, 0))]);
        var parts = table.ToDataset(name, roles with { Shape = [] });
        if (parts.Features is not null)
            throw new InvalidDataException($"{path}: the array '{parts.FeatureNames[0]}' has no role; name one (label, target, domain, group, id) or leave it out with --drop");
        return new Dataset
        {
            Name = name,
            Ids = parts.Ids,
            Features = images.Features,
            FeatureNames = images.FeatureNames,
            FeatureShape = images.FeatureShape,
            Labels = parts.Labels,
            ClassNames = parts.ClassNames,
            Targets = parts.Targets,
            Texts = parts.Texts,
            Domains = parts.Domains,
            Groups = parts.Groups,
        };
    }

    private static float[] ChannelsFirst(float[] values, ImmutableArray<int> shape)
    {
        var (pixels, channels) = (shape[1] * shape[2], shape[3]);
        var result = GC.AllocateUninitializedArray<float>(values.Length);
        Parallel.For(0, shape[0], n =>
        {
            var start = n * pixels * channels;
            for (var p = 0; p < pixels; p++)
            {
                for (var c = 0; c < channels; c++)
                    result[start + c * pixels + p] = values[start + p * channels + c];
            }
        });
        return result;
    }
}
