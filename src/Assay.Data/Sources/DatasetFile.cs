namespace Assay.Data;

/// <summary>The one door through which data sets enter: a name of the <see cref="DatasetCatalog"/>, a file or a folder.</summary>
public static class DatasetFile
{
    /// <summary>Loads a data set.</summary>
    /// <param name="pathOrName">
    /// A table (CSV, TSV, Parquet, JSONL, NPY, NPZ), the images of an IDX pair such as <c>train-images-idx3-ubyte.gz</c>, a folder of images
    /// with a subfolder for each class; or a name of the catalog. A file or folder that exists wins over a name.
    /// </param>
    /// <param name="roles">Which column plays which part, or null for the conventional names. A catalog entry has its own roles.</param>
    /// <exception cref="InvalidDataException">The data has a defect; the message names file, row and column.</exception>
    /// <exception cref="FileNotFoundException">There is neither such a file nor such a name.</exception>
    public static Dataset Load(string pathOrName, DataRoles? roles = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(pathOrName);
        roles ??= DataRoles.Default;
        if (Directory.Exists(pathOrName))
            return ImageFolder.Load(pathOrName, roles);
        if (!File.Exists(pathOrName))
        {
            return DatasetCatalog.Contains(pathOrName)
                ? DatasetCatalog.Load(pathOrName)
                : throw new FileNotFoundException($"'{pathOrName}' is neither a file nor a data set; data sets: {string.Join(", ", DatasetCatalog.List.Select(e => e.Name))}", pathOrName);
        }
        var name = NameOf(pathOrName);
        if (name.Contains("ubyte", StringComparison.OrdinalIgnoreCase) || name.Contains("idx", StringComparison.OrdinalIgnoreCase))
        {
            using var source = ByteSource.Open(pathOrName);
            if (IdxFile.IsIdx(source))
                return IdxFile.ReadDataset(pathOrName, null, name, roles.Classes);
        }
        return Path.GetExtension(pathOrName).ToLowerInvariant() switch
        {
            ".npz" => ArrayDataset.Archive(pathOrName, name, roles),
            ".npy" => ArrayDataset.Images(NpyFile.Read(pathOrName), scaleBytes: false, name),
            _ => LoadTable(pathOrName, name, roles),
        };
    }

    private static Dataset LoadTable(string path, string name, DataRoles roles)
    {
        var table = TableFile.Read(path);
        // An id such as 007 is a text even where the column looks numeric.
        var stay = new[] { roles.Id ?? "id", roles.Text ?? "text" }.Where(t => table.Find(t) is FloatColumn or DoubleColumn).ToArray();
        if (stay.Length > 0)
            table = TableFile.Read(path, new TableReadOptions { TextColumns = [.. stay] });
        return table.ToDataset(name, roles);
    }

    private static string NameOf(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? Path.GetFileNameWithoutExtension(name) : name;
    }
}
