using System.Collections.Frozen;
using System.Globalization;

namespace Assay.Data;

/// <summary>
/// The Thrift structures of Parquet's metadata. Parquet.Net reads each field as what its number says, whatever type the file writes, so a
/// damaged type would make it take anything for a length. A message is therefore checked against the grammar first. Fields that the grammar
/// does not know may be plain values only.
/// </summary>
internal static class ParquetGrammar
{
    // One word a field: number, then o boolean, b byte, s i16, i i32, l i64, d double, t text or bytes, a structure's name, [ for a list.
    private static readonly FrozenDictionary<string, FrozenDictionary<int, string>> Structures = new Dictionary<string, string>
    {
        ["FileMetaData"] = "1i 2[SchemaElement 3l 4[RowGroup 5[KeyValue 6t 7[Union 8Union 9t",
        ["SchemaElement"] = "1i 2i 3i 4t 5i 6i 7i 8i 9i 10LogicalType",
        ["LogicalType"] = "1Empty 2Empty 3Empty 4Empty 5DecimalType 6Empty 7TimeType 8TimeType 10IntType 11Empty 12Empty 13Empty 14Empty 15Empty 16VariantType 17GeometryType 18GeometryType",
        ["DecimalType"] = "1i 2i",
        ["TimeType"] = "1o 2Union",
        ["IntType"] = "1b 2o",
        ["VariantType"] = "1b",
        ["GeometryType"] = "1t 2i",
        ["RowGroup"] = "1[ColumnChunk 2l 3l 4[SortingColumn 5l 6l 7s",
        ["ColumnChunk"] = "1t 2l 3ColumnMetaData 4l 5i 6l 7i 9t",
        ["ColumnMetaData"] = "1i 2[i 3[t 4i 5l 6l 7l 8[KeyValue 9l 10l 11l 12Statistics 13[PageEncodingStats 14l 15i 16SizeStatistics 17GeospatialStatistics",
        ["Statistics"] = "1t 2t 3l 4l 5t 6t 7o 8o 9l",
        ["PageEncodingStats"] = "1i 2i 3i",
        ["SizeStatistics"] = "1l 2[l 3[l",
        ["GeospatialStatistics"] = "1BoundingBox 2[i",
        ["BoundingBox"] = "1d 2d 3d 4d 5d 6d 7d 8d",
        ["SortingColumn"] = "1i 2o 3o",
        ["KeyValue"] = "1t 2t",
        ["Union"] = "1Empty 2Empty 3Empty",
        ["Empty"] = "",
        ["PageHeader"] = "1i 2i 3i 4i 5DataPageHeader 6Empty 7DictionaryPageHeader 8SecondDataPageHeader",
        ["DataPageHeader"] = "1i 2i 3i 4i 5Statistics",
        ["DictionaryPageHeader"] = "1i 2i 3o",
        ["SecondDataPageHeader"] = "1i 2i 3i 4i 5i 6i 7o 8Statistics",
    }.ToFrozenDictionary(s => s.Key, s => s.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenDictionary(
        f => int.Parse(f.AsSpan(0, f.AsSpan().LastIndexOfAnyInRange('0', '9') + 1), CultureInfo.InvariantCulture), f => f.TrimStart([.. "0123456789"])));

    /// <summary>Walks a structure.</summary>
    /// <exception cref="InvalidDataException">A field has another type than its number says, or is nested in a way that is not known.</exception>
    /// <exception cref="EndOfStreamException">The message ends within the structure.</exception>
    public static void Check(ThriftReader thrift, string structure)
    {
        var fields = Structures[structure];
        for (var id = 0; thrift.NextField(ref id, out var type);)
        {
            if (!fields.TryGetValue(id, out var expected))
            {
                if (type is 9 or 10 or 11 or 12)
                    throw new InvalidDataException($"field {id} of {structure} is not known");
                thrift.Skip(type);
            }
            else if (expected[0] == '[')
            {
                if (type != 9)
                    throw Wrong(structure, id);
                var count = thrift.ListSize(out var elementType);
                for (var i = 0; i < count; i++)
                    CheckValue(thrift, elementType, expected[1..], structure, id);
            }
            else
                CheckValue(thrift, type, expected, structure, id);
        }
    }

    private static void CheckValue(ThriftReader thrift, int type, string expected, string structure, int id)
    {
        var fits = expected switch
        {
            "o" => type is 1 or 2,
            "b" => type == 3,
            "s" => type == 4,
            "i" => type == 5,
            "l" => type == 6,
            "d" => type == 7,
            "t" => type == 8,
            _ => type == 12,
        };
        if (!fits)
            throw Wrong(structure, id);
        if (type == 12)
            Check(thrift, expected);
        else
            thrift.Skip(type);
    }

    private static InvalidDataException Wrong(string structure, int id) => new($"field {id} of {structure} has the wrong type");
}
